// Items (indices of axis 0) picked from a tensor, and the gradient of it.
#ifndef QUANTD_ENGINE_LAYERS_GATHER_ITEMS_H_
#define QUANTD_ENGINE_LAYERS_GATHER_ITEMS_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "engine/core/shape.h"

namespace quantd {

// `shape` with `count` items instead of its own. Errors: INVALID_ARGUMENT,
// LAYER_SHAPE_INVALID for a scalar; as Shape::Create() if it is too large.
absl::StatusOr<Shape> WithItems(const Shape& shape, int64_t count);

// Item i of `to` is item items[i] of `from`, which has the shape `shape`; all
// of `items` are among its own.
void GatherItems(const float* from, const Shape& shape,
                 absl::Span<const int64_t> items, float* to);

// The opposite: clears `to`, which has the shape `shape`, and adds item i of
// `from` to its item items[i].
void ScatterItems(const float* from, absl::Span<const int64_t> items,
                  const Shape& shape, float* to);

}  // namespace quantd

#endif  // QUANTD_ENGINE_LAYERS_GATHER_ITEMS_H_
