#include "engine/layers/rois.h"

#include <cmath>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/layers/checks.h"

namespace quantd {
namespace {

constexpr int64_t kRowSize = 5;
constexpr float kMaxCoordinate = 1 << 24;

bool AreRows(const Shape& rois) {
  const int axes = rois.num_axes();
  if (axes == 2) return rois[1] == kRowSize;
  if (axes != 4) return false;
  return (rois[1] == kRowSize && rois[2] == 1 && rois[3] == 1) ||
         (rois[1] == 1 && rois[3] == kRowSize);
}

bool AreColumns(const Shape& rois) {
  return rois.num_axes() == 4 && rois[0] == 1 && rois[1] == 1 && rois[2] >= 4;
}

absl::Status RoiError(int64_t index, absl::string_view problem) {
  return InputError(absl::StrCat("region ", index, " of the rois ", problem));
}

absl::Status CheckRoi(int64_t index, float item, const Box& box,
                      int64_t num_items) {
  // Written so that NaN fails.
  if (!(item >= 0 && item < static_cast<float>(num_items))) {
    return RoiError(index, absl::StrCat("is of image ", item,
                                        "; the batch has ", num_items));
  }
  for (const float x : {box.x1, box.y1, box.x2, box.y2}) {
    if (std::abs(x) <= kMaxCoordinate) continue;
    return RoiError(index, absl::StrCat("has coordinate ", x,
                                        "; it must be within +-2^24"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<int64_t> CountRois(const Shape& rois) {
  if (AreRows(rois)) return rois.num_elements() / kRowSize;
  if (AreColumns(rois)) return rois[3];
  return BottomError(
      absl::StrCat("the rois have shape ", rois.ToString(),
                   "; it must be Rx5 with rows (image, x1, y1, x2, y2)"));
}

absl::StatusOr<std::vector<Roi>> ReadRois(const Tensor& rois,
                                          int64_t num_items) {
  ASSIGN_OR_RETURN(const int64_t count, CountRois(rois.shape()));
  const bool are_rows = AreRows(rois.shape());
  const int64_t row = are_rows ? kRowSize : 1;
  const int64_t column = are_rows ? 1 : count;
  const float* data = rois.data();
  std::vector<Roi> result;
  result.reserve(count);
  for (int64_t i = 0; i < count; ++i) {
    const float* x = data + i * row + (are_rows ? 1 : 0);
    const float item = are_rows ? x[-1] : 0;
    const Box box = {x[0], x[column], x[2 * column], x[3 * column]};
    RETURN_IF_ERROR(CheckRoi(i, item, box, num_items));
    result.push_back({static_cast<int64_t>(item), box});
  }
  return result;
}

absl::StatusOr<Shape> RoiTopShape(absl::Span<const Shape> bottoms,
                                  int64_t channels, int64_t height,
                                  int64_t width) {
  RETURN_IF_ERROR(CheckImageAxes(bottoms[0], "bottom 0"));
  ASSIGN_OR_RETURN(const int64_t count, CountRois(bottoms[1]));
  return Shape::Create({count, channels, height, width});
}

absl::Status CheckPooledSize(absl::string_view message, int64_t pooled_h,
                             int64_t pooled_w) {
  RETURN_IF_ERROR(CheckSize(absl::StrCat(message, ".pooled_h"), pooled_h));
  return CheckSize(absl::StrCat(message, ".pooled_w"), pooled_w);
}

absl::Status CheckSpatialScale(absl::string_view field, float scale) {
  if (scale > 0 && scale <= 1024) return absl::OkStatus();
  return FieldError(field,
                    absl::StrCat("is ", scale, "; it must be in (0, 1024]"));
}

}  // namespace quantd
