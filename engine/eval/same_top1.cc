#include "engine/eval/same_top1.h"

#include <algorithm>

namespace quantd {
namespace {

// Index of the largest of `scores`, the first of equals.
int64_t ArgMax(absl::Span<const float> scores) {
  return std::max_element(scores.begin(), scores.end()) - scores.begin();
}

}  // namespace

Top1Counts CompareTop1(const Tensor& a, const Tensor& b) {
  Top1Counts counts;
  const int64_t rows = a.shape().LegacyDim(0);
  counts.num_images = rows;
  if (rows < 1 || a.num_elements() != b.num_elements()) return counts;
  const int64_t classes = a.num_elements() / rows;
  for (int64_t row = 0; row < rows; ++row) {
    const auto of_a = a.values().subspan(row * classes, classes);
    const auto of_b = b.values().subspan(row * classes, classes);
    const int64_t in_a = ArgMax(of_a);
    const int64_t in_b = ArgMax(of_b);
    if (in_a == in_b) {
      ++counts.num_same;
    } else if (of_a[in_a] == of_a[in_b] || of_b[in_a] == of_b[in_b]) {
      ++counts.num_tied;
    }
  }
  return counts;
}

}  // namespace quantd
