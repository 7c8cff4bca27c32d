// The top of the detection layers: one row a detection.
#ifndef QUANTD_ENGINE_LAYERS_DETECTION_ROWS_H_
#define QUANTD_ENGINE_LAYERS_DETECTION_ROWS_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "engine/core/shape.h"
#include "engine/core/tensor.h"
#include "engine/layers/boxes.h"

namespace quantd {

struct Detection {
  int64_t item = 0;  // Image of the batch.
  int label = 0;
  float score = 0;
  Box box;
};

// The shape that a top has until it is known how many detections there are.
inline Shape NoDetectionsShape() { return Shape({1, 1, 1, 7}); }

// Resizes `top` to (1, 1, K, 7), rows image, label, score, x1, y1, x2, y2, as
// SSD does. Without detections there is a row for each of `num_items` images
// with its index and -1 elsewhere. Errors: RESOURCE_EXHAUSTED without memory.
absl::Status WriteDetections(const std::vector<Detection>& detections,
                             int64_t num_items, Tensor* top);

}  // namespace quantd

#endif  // QUANTD_ENGINE_LAYERS_DETECTION_ROWS_H_
