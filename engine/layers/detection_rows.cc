#include "engine/layers/detection_rows.h"

#include <algorithm>

#include "base/status_macros.h"

namespace quantd {
namespace {

constexpr int64_t kRowSize = 7;

}  // namespace

absl::Status WriteDetections(const std::vector<Detection>& detections,
                             int64_t num_items, Tensor* top) {
  const int64_t count =
      detections.empty() ? num_items : static_cast<int64_t>(detections.size());
  ASSIGN_OR_RETURN(const Shape shape, Shape::Create({1, 1, count, kRowSize}));
  RETURN_IF_ERROR(top->Resize(shape));
  float* y = top->DataToOverwrite();
  for (const Detection& d : detections) {
    const float row[kRowSize] = {static_cast<float>(d.item),
                                 static_cast<float>(d.label),
                                 d.score,
                                 d.box.x1,
                                 d.box.y1,
                                 d.box.x2,
                                 d.box.y2};
    y = std::copy_n(row, kRowSize, y);
  }
  if (!detections.empty()) return absl::OkStatus();
  std::fill_n(y, count * kRowSize, -1.0f);
  for (int64_t i = 0; i < count; ++i) y[i * kRowSize] = static_cast<float>(i);
  return absl::OkStatus();
}

}  // namespace quantd
