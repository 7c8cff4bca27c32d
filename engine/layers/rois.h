// Tables of regions of interest, as the pooling layers take them.
#ifndef QUANTD_ENGINE_LAYERS_ROIS_H_
#define QUANTD_ENGINE_LAYERS_ROIS_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "engine/core/shape.h"
#include "engine/core/tensor.h"
#include "engine/layers/boxes.h"

namespace quantd {

// A region of image `item` of the batch, in the units of the table.
struct Roi {
  int64_t item = 0;
  Box box;
};

// How many regions a blob of shape `rois` has. Two layouts:
// - rows (item, x1, y1, x2, y2): (R, 5), (R, 5, 1, 1), (N, 1, R, 5);
// - SS928's columns x1, y1, x2, y2[, ...] of image 0: (1, 1, H, R) with H >= 4,
//   unless R is 5.
// Errors: INVALID_ARGUMENT, LAYER_SHAPE_INVALID for other shapes.
absl::StatusOr<int64_t> CountRois(const Shape& rois);

// Errors: as CountRois(); INVALID_ARGUMENT, LAYER_INPUT_INVALID for items that
// are not in [0, num_items) and coordinates that are not finite or beyond
// +-2^24.
absl::StatusOr<std::vector<Roi>> ReadRois(const Tensor& rois,
                                          int64_t num_items);

// Checks the bottoms (features, rois) of a pooling layer and returns the top's
// shape (R, channels, height, width). Errors: INVALID_ARGUMENT.
absl::StatusOr<Shape> RoiTopShape(absl::Span<const Shape> bottoms,
                                  int64_t channels, int64_t height,
                                  int64_t width);

// The fields pooled_h and pooled_w of the message `message` are sizes: errors
// as CheckSize() (engine/layers/checks.h).
absl::Status CheckPooledSize(absl::string_view message, int64_t pooled_h,
                             int64_t pooled_w);

// `scale` must be in (0, 1024]: INVALID_ARGUMENT that names `field`.
absl::Status CheckSpatialScale(absl::string_view field, float scale);

}  // namespace quantd

#endif  // QUANTD_ENGINE_LAYERS_ROIS_H_
