#include "engine/layers/gather_items.h"

#include <algorithm>
#include <vector>

#include "engine/layers/checks.h"

namespace quantd {

absl::StatusOr<Shape> WithItems(const Shape& shape, int64_t count) {
  if (shape.num_axes() == 0) {
    return BottomError("a bottom is a scalar: it has no items (axis 0)");
  }
  std::vector<int64_t> dims = shape.dims();
  dims[0] = count;
  return Shape::Create(dims);
}

void GatherItems(const float* from, const Shape& shape,
                 absl::Span<const int64_t> items, float* to) {
  const int64_t size = shape.Count(1);
  for (const int64_t item : items) {
    to = std::copy_n(from + item * size, size, to);
  }
}

void ScatterItems(const float* from, absl::Span<const int64_t> items,
                  const Shape& shape, float* to) {
  std::fill_n(to, shape.num_elements(), 0.0f);
  const int64_t size = shape.Count(1);
  for (const int64_t item : items) {
    float* sum = to + item * size;
    for (int64_t i = 0; i < size; ++i) sum[i] += from[i];
    from += size;
  }
}

}  // namespace quantd
