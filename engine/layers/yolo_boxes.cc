#include "engine/layers/yolo_boxes.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "engine/layers/checks.h"

namespace quantd {

float YoloSigmoid(float x) { return 1 / (1 + std::exp(-x)); }

YoloMap MapOf(const Tensor& map, int64_t item, int64_t values) {
  const Shape& shape = map.shape();
  return {map.data() + item * shape.Count(1), shape[2], shape[3], values};
}

YoloBox DecodeYolo(const YoloMap& map, int64_t anchor, int64_t cell,
                   float anchor_w, float anchor_h) {
  const float* values = map.At(anchor, cell);
  const int64_t next = map.stride();
  const int64_t row = cell / map.width;
  const int64_t column = cell % map.width;
  return {(static_cast<float>(column) + YoloSigmoid(values[0])) /
              static_cast<float>(map.width),
          (static_cast<float>(row) + YoloSigmoid(values[next])) /
              static_cast<float>(map.height),
          std::exp(values[2 * next]) * anchor_w,
          std::exp(values[3 * next]) * anchor_h};
}

ClassScore BestClass(const float* scores, int64_t stride, int64_t num_classes) {
  int64_t best = 0;
  for (int64_t c = 1; c < num_classes; ++c) {
    if (scores[c * stride] > scores[best * stride]) best = c;
  }
  float sum = 0;
  for (int64_t c = 0; c < num_classes; ++c) {
    sum += std::exp(scores[c * stride] - scores[best * stride]);
  }
  return {static_cast<int>(best), 1 / sum};
}

absl::Status CheckYoloMap(absl::Span<const Shape> bottoms, int index,
                          int64_t channels) {
  const Shape& shape = bottoms[index];
  if (shape.num_axes() == 4 && shape[1] == channels && shape.Count(2) > 0 &&
      shape[0] == bottoms[0][0]) {
    return absl::OkStatus();
  }
  return BottomError(absl::StrCat("bottom ", index, " has shape ",
                                  shape.ToString(), "; it must be Nx", channels,
                                  "xHxW, as the parameters say"));
}

}  // namespace quantd
