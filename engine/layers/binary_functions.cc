// The layers y = f(a, b) of two tensors that are spread over each other as
// numpy does (pair_broadcast.h): Add, Sub, Mul, Div, Maximum, Minimum, Pow, and
// the comparisons Equal and Greater, which give 1 or 0 and have no gradient. b
// may be a blob instead of the second bottom: of mul_param.mul_shape (Mul), or
// of the shape that the model carries. Equal values: the maximum and the
// minimum are a, which gets the gradient; NaN wins.
#include <cmath>
#include <memory>
#include <vector>

#include "base/status_macros.h"
#include "engine/layers/checks.h"
#include "engine/layers/operand_layer.h"
#include "engine/layers/pair_broadcast.h"

namespace quantd {
namespace {

// Shorter runs are not worth starting threads.
constexpr int64_t kParallelRun = 1 << 15;

// y[k] = F::Value(a[k * a_step], b[k * b_step]); steps are 0 or 1.
template <typename F>
void ApplyToRun(const float* a, int64_t a_step, const float* b, int64_t b_step,
                int64_t run, float* y) {
  if (a_step == b_step) {  // 1, or the run is 1.
#pragma omp parallel for if (run >= kParallelRun)
    for (int64_t k = 0; k < run; ++k) y[k] = F::Value(a[k], b[k]);
  } else if (a_step == 0) {
#pragma omp parallel for if (run >= kParallelRun)
    for (int64_t k = 0; k < run; ++k) y[k] = F::Value(*a, b[k]);
  } else {
#pragma omp parallel for if (run >= kParallelRun)
    for (int64_t k = 0; k < run; ++k) y[k] = F::Value(a[k], *b);
  }
}

// Adds value(k) to sums[k * step] for k < run.
template <typename Value>
void AddRun(int64_t run, int64_t step, const Value& value, float* sums) {
  if (step == 1) {
    for (int64_t k = 0; k < run; ++k) sums[k] += value(k);
    return;
  }
  double sum = 0;
  for (int64_t k = 0; k < run; ++k) sum += value(k);
  *sums += static_cast<float>(sum);
}

// F has Value(a, b), kDifferentiable, Da(a, b) and Db(a, b).
template <typename F>
class BinaryLayer : public OperandLayer {
 public:
  using OperandLayer::OperandLayer;

  absl::Status SetUp(absl::Span<const Shape> bottoms, int num_tops) override {
    const auto& mul_shape = param().mul_param().mul_shape();
    return SetUpOperands(bottoms, num_tops, {2, 2},
                         {mul_shape.begin(), mul_shape.end()});
  }

  absl::Status Reshape(absl::Span<const Shape> bottoms,
                       std::vector<Shape>* tops) override {
    ASSIGN_OR_RETURN(
        pair_, PairBroadcast::Create(bottoms[0], OperandShape(bottoms, 1)));
    (*tops)[0] = pair_.shape();
    return absl::OkStatus();
  }

  absl::Status Forward(Bottoms bottoms, Tops tops) override {
    const float* a = bottoms[0]->data();
    const float* b = Operand(bottoms, 1).data();
    float* y = tops[0]->DataToOverwrite();
    pair_.ForEachRun([&](int64_t i, int64_t ia, int64_t ib) {
      ApplyToRun<F>(a + ia, pair_.a_step(), b + ib, pair_.b_step(), pair_.run(),
                    y + i);
    });
    return absl::OkStatus();
  }

  absl::Status Backward(const BackwardPass& pass) override {
    const float* a = pass.bottoms[0]->data();
    const float* b = Operand(pass.bottoms, 1).data();
    const float* dy = pass.top_diffs[0]->data();
    float* da = OperandDiff(pass, 0);
    float* db = OperandDiff(pass, 1);
    const int64_t run = pair_.run();
    const int64_t a_step = pair_.a_step();
    const int64_t b_step = pair_.b_step();
    pair_.ForEachRun([&](int64_t i, int64_t ia, int64_t ib) {
      const auto of_a = [&](int64_t k) {
        return dy[i + k] * F::Da(a[ia + k * a_step], b[ib + k * b_step]);
      };
      const auto of_b = [&](int64_t k) {
        return dy[i + k] * F::Db(a[ia + k * a_step], b[ib + k * b_step]);
      };
      if (da != nullptr) AddRun(run, a_step, of_a, da + ia);
      if (db != nullptr) AddRun(run, b_step, of_b, db + ib);
    });
    return absl::OkStatus();
  }

  bool IsDifferentiable(int bottom) const override {
    return F::kDifferentiable;
  }

 private:
  PairBroadcast pair_;
};

// a if it wins or is NaN.
bool FirstIsMaximum(float a, float b) { return a >= b || std::isnan(a); }
bool FirstIsMinimum(float a, float b) { return a <= b || std::isnan(a); }

float PowDa(float a, float b) { return b == 0 ? 0 : b * std::pow(a, b - 1); }
// Where a has no logarithm the gradient is 0.
float PowDb(float a, float b) {
  return a > 0 ? std::pow(a, b) * std::log(a) : 0;
}

}  // namespace

// Defines the layer `type` by f(a, b) and its derivatives.
#define QUANTD_BINARY(type, differentiable, value, da, db)                     \
  namespace {                                                                  \
  struct type##Function {                                                      \
    static constexpr bool kDifferentiable = differentiable;                    \
    static float Value(float a, float b) { return value; }                     \
    static float Da(float a, float b) { return da; }                           \
    static float Db(float a, float b) { return db; }                           \
  };                                                                           \
  }                                                                            \
  std::unique_ptr<Layer> Make##type##Layer(const caffe::LayerParameter& param, \
                                           caffe::Phase phase) {               \
    return std::make_unique<BinaryLayer<type##Function>>(param, phase);        \
  }

// clang-format off
QUANTD_BINARY(Add,     true,  a + b,          1,     1)
QUANTD_BINARY(Div,     true,  a / b,          1 / b, -a / (b * b))
QUANTD_BINARY(Equal,   false, a == b,         0,     0)
QUANTD_BINARY(Greater, false, a > b,          0,     0)
QUANTD_BINARY(Maximum, true,  FirstIsMaximum(a, b) ? a : b,
              FirstIsMaximum(a, b), !FirstIsMaximum(a, b))
QUANTD_BINARY(Minimum, true,  FirstIsMinimum(a, b) ? a : b,
              FirstIsMinimum(a, b), !FirstIsMinimum(a, b))
QUANTD_BINARY(Mul,     true,  a * b,          b,     a)
QUANTD_BINARY(Pow,     true,  std::pow(a, b), PowDa(a, b), PowDb(a, b))
QUANTD_BINARY(Sub,     true,  a - b,          1,     -1)
// clang-format on

#undef QUANTD_BINARY

}  // namespace quantd
