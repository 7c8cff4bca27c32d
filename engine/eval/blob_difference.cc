#include "engine/eval/blob_difference.h"

#include <algorithm>
#include <cmath>

namespace quantd {
namespace {

// Sums that do not wait for each other; the compiler makes a vector of them.
constexpr int kLanes = 8;

struct Sums {
  double xx[kLanes] = {};
  double qq[kLanes] = {};
  double xq[kLanes] = {};
  double squared_error[kLanes] = {};
  double error[kLanes] = {};
  double max_error[kLanes] = {};
};

double Total(const double (&lanes)[kLanes]) {
  double total = 0;
  for (const double lane : lanes) total += lane;
  return total;
}

// NaN if one of them is.
double Larger(double error, double largest) {
  return error > largest || std::isnan(error) ? error : largest;
}

void AddOne(float x, float q, int lane, Sums* sums) {
  const double a = x;
  const double b = q;
  const double error = std::abs(a - b);
  sums->xx[lane] += a * a;
  sums->qq[lane] += b * b;
  sums->xq[lane] += a * b;
  sums->squared_error[lane] += error * error;
  sums->error[lane] += error;
  sums->max_error[lane] = Larger(error, sums->max_error[lane]);
}

}  // namespace

void BlobDifference::Add(absl::Span<const float> x, absl::Span<const float> q) {
  if (x.empty()) return;
  if (count_ == 0) min_ = max_ = x[0];
  count_ += static_cast<int64_t>(x.size());
  while (!x.empty()) {
    const size_t size = std::min(kBlock, x.size());
    Sums sums;
    size_t i = 0;
    for (; i + kLanes <= size; i += kLanes) {
      for (int lane = 0; lane < kLanes; ++lane) {
        AddOne(x[i + lane], q[i + lane], lane, &sums);
      }
    }
    for (int lane = 0; i < size; ++i, ++lane) AddOne(x[i], q[i], lane, &sums);
    xx_ += Total(sums.xx);
    qq_ += Total(sums.qq);
    xq_ += Total(sums.xq);
    squared_error_ += Total(sums.squared_error);
    error_ += Total(sums.error);
    for (const double error : sums.max_error) {
      max_error_ = Larger(error, max_error_);
    }
    const auto [low, high] = std::minmax_element(x.begin(), x.begin() + size);
    min_ = std::min(min_, *low);
    max_ = std::max(max_, *high);
    x.remove_prefix(size);
    q.remove_prefix(size);
  }
}

double BlobDifference::cosine() const {
  if (xx_ == 0 && qq_ == 0) return 1;
  if (xx_ == 0 || qq_ == 0) return 0;
  return std::clamp(xq_ / (std::sqrt(xx_) * std::sqrt(qq_)), -1.0, 1.0);
}

double BlobDifference::sqnr_db() const {
  if (squared_error_ == 0) return kMaxSqnrDb;
  return std::clamp(10 * std::log10(xx_ / squared_error_), -kMaxSqnrDb,
                    kMaxSqnrDb);
}

double BlobDifference::mean_error() const {
  return count_ == 0 ? 0 : error_ / static_cast<double>(count_);
}

}  // namespace quantd
