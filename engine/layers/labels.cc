#include "engine/layers/labels.h"

#include <cmath>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "engine/layers/checks.h"

namespace quantd {

absl::StatusOr<ClassAxis> MakeClassAxis(const Shape& scores,
                                        const Shape& labels, int axis) {
  const absl::StatusOr<int> canonical = scores.CanonicalAxis(axis);
  if (!canonical.ok()) {
    return BottomError(absl::StrCat("axis ", axis, " is not one of bottom 0, ",
                                    scores.ToString()));
  }
  const ClassAxis result = {scores.Count(0, *canonical), scores[*canonical],
                            scores.Count(*canonical + 1)};
  if (result.classes < 1) return BottomError("there are no classes");
  if (labels.num_elements() != result.outer * result.inner) {
    return BottomError(absl::StrCat(
        "bottom 1 (labels) has shape ", labels.ToString(), ", but bottom 0 (",
        scores.ToString(), ") needs ", result.outer * result.inner, " labels"));
  }
  return result;
}

absl::StatusOr<ClassAxis> MakeItemClasses(const Shape& scores,
                                          const Shape& labels) {
  if (scores.num_axes() == 0) return BottomError("bottom 0 is a scalar");
  return MakeClassAxis(Shape({scores[0], scores.Count(1)}), labels, 1);
}

absl::StatusOr<int64_t> ClassOf(float label, int64_t classes) {
  // Written so that NaN fails; values in (-1, 0) are cut to class 0.
  if (label > -1.0f && label < static_cast<float>(classes)) {
    return static_cast<int64_t>(label);
  }
  return Error(absl::StatusCode::kInvalidArgument, "LABEL_OUT_OF_RANGE",
               absl::StrCat("label ", label, " is not a class: there are ",
                            classes, " classes, counted from 0"),
               {{"value", absl::StrCat(label)},
                {"allowed", absl::StrCat("0 to ", classes - 1)}});
}

bool IsLabel(float value, int label) {
  return std::trunc(value) == static_cast<float>(label);
}

}  // namespace quantd
