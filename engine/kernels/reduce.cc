#include "engine/kernels/reduce.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace quantd {
namespace {

// Smaller inputs are not worth waking threads for.
constexpr int64_t kMinParallelElements = int64_t{1} << 15;

template <typename Term>
double SumOf(const float* x, int64_t n, const Term& term) {
  double sum = 0;
  for (int64_t i = 0; i < n; ++i) sum += term(static_cast<double>(x[i]));
  return sum;
}

float Sign(float x) { return static_cast<float>((x > 0) - (x < 0)); }

float Sum(const float* x, int64_t n) {
  return static_cast<float>(SumOf(x, n, [](double v) { return v; }));
}
void SumGradient(const float* /*x*/, int64_t n, float dy, float* dx) {
  std::fill_n(dx, n, dy);
}

float Mean(const float* x, int64_t n) {
  return static_cast<float>(SumOf(x, n, [](double v) { return v; }) /
                            static_cast<double>(n));
}
void MeanGradient(const float* /*x*/, int64_t n, float dy, float* dx) {
  std::fill_n(dx, n, dy / static_cast<float>(n));
}

float Prod(const float* x, int64_t n) {
  double product = 1;
  for (int64_t i = 0; i < n; ++i) product *= x[i];
  return static_cast<float>(product);
}
// Without a division: zeros are no exception.
void ProdGradient(const float* x, int64_t n, float dy, float* dx) {
  std::vector<double> before(n);
  double product = 1;
  for (int64_t i = 0; i < n; ++i) {
    before[i] = product;
    product *= x[i];
  }
  double after = dy;
  for (int64_t i = n - 1; i >= 0; --i) {
    dx[i] = static_cast<float>(before[i] * after);
    after *= x[i];
  }
}

int64_t MaxIndex(const float* x, int64_t n) {
  return std::max_element(x, x + n) - x;
}
int64_t MinIndex(const float* x, int64_t n) {
  return std::min_element(x, x + n) - x;
}
float Max(const float* x, int64_t n) { return x[MaxIndex(x, n)]; }
float Min(const float* x, int64_t n) { return x[MinIndex(x, n)]; }
void MaxGradient(const float* x, int64_t n, float dy, float* dx) {
  std::fill_n(dx, n, 0.0f);
  dx[MaxIndex(x, n)] = dy;
}
void MinGradient(const float* x, int64_t n, float dy, float* dx) {
  std::fill_n(dx, n, 0.0f);
  dx[MinIndex(x, n)] = dy;
}

float L1(const float* x, int64_t n) {
  return static_cast<float>(SumOf(x, n, [](double v) { return std::abs(v); }));
}
void L1Gradient(const float* x, int64_t n, float dy, float* dx) {
  for (int64_t i = 0; i < n; ++i) dx[i] = dy * Sign(x[i]);
}

double SumOfSquares(const float* x, int64_t n) {
  return SumOf(x, n, [](double v) { return v * v; });
}
float SumSquares(const float* x, int64_t n) {
  return static_cast<float>(SumOfSquares(x, n));
}
void SumSquaresGradient(const float* x, int64_t n, float dy, float* dx) {
  for (int64_t i = 0; i < n; ++i) dx[i] = 2 * dy * x[i];
}

float L2(const float* x, int64_t n) {
  return static_cast<float>(std::sqrt(SumOfSquares(x, n)));
}
void L2Gradient(const float* x, int64_t n, float dy, float* dx) {
  const double norm = std::sqrt(SumOfSquares(x, n));
  const double factor = norm == 0 ? 0 : dy / norm;
  for (int64_t i = 0; i < n; ++i) dx[i] = static_cast<float>(factor * x[i]);
}

// Relative to the largest value, so that nothing overflows.
double LogSumExpOf(const float* x, int64_t n) {
  const double max = Max(x, n);
  if (std::isinf(max)) return max;
  return max +
         std::log(SumOf(x, n, [max](double v) { return std::exp(v - max); }));
}
float LogSumExp(const float* x, int64_t n) {
  return static_cast<float>(LogSumExpOf(x, n));
}
void LogSumExpGradient(const float* x, int64_t n, float dy, float* dx) {
  const double y = LogSumExpOf(x, n);
  for (int64_t i = 0; i < n; ++i) {
    dx[i] = static_cast<float>(dy * std::exp(x[i] - y));
  }
}

}  // namespace

const ReduceOp kReduceSum = {Sum, SumGradient, /*takes_none=*/true};
const ReduceOp kReduceMean = {Mean, MeanGradient, /*takes_none=*/false};
const ReduceOp kReduceProd = {Prod, ProdGradient, /*takes_none=*/true};
const ReduceOp kReduceMax = {Max, MaxGradient, /*takes_none=*/false};
const ReduceOp kReduceMin = {Min, MinGradient, /*takes_none=*/false};
const ReduceOp kReduceL1 = {L1, L1Gradient, /*takes_none=*/true};
const ReduceOp kReduceL2 = {L2, L2Gradient, /*takes_none=*/true};
const ReduceOp kReduceSumSquares = {SumSquares, SumSquaresGradient,
                                    /*takes_none=*/true};
const ReduceOp kReduceLogSumExp = {LogSumExp, LogSumExpGradient,
                                   /*takes_none=*/false};

void ReduceRows(const ReduceOp& op, const float* x, int64_t rows, int64_t n,
                float coeff, float* y) {
#pragma omp parallel for if (rows * n >= kMinParallelElements)
  for (int64_t r = 0; r < rows; ++r) y[r] = coeff * op.reduce(x + r * n, n);
}

void ReduceRowsBackward(const ReduceOp& op, const float* x, const float* dy,
                        int64_t rows, int64_t n, float coeff, float* dx) {
#pragma omp parallel for if (rows * n >= kMinParallelElements)
  for (int64_t r = 0; r < rows; ++r) {
    op.gradient(x + r * n, n, coeff * dy[r], dx + r * n);
  }
}

}  // namespace quantd
