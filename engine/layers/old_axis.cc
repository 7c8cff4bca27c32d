#include "engine/layers/old_axis.h"

#include "absl/strings/str_cat.h"
#include "engine/layers/checks.h"

namespace quantd {

absl::Status OldAxis::Check() const {
  if (!has_axis || !has_old) return absl::OkStatus();
  return FieldError(message, absl::StrCat("has both axis and ", old_name,
                                          "; remove ", old_name));
}

absl::StatusOr<int> OldAxis::Of(const Shape& bottom) const {
  return CanonicalAxis(bottom, has_old ? old : axis,
                       absl::StrCat(message, ".", has_old ? old_name : "axis"));
}

}  // namespace quantd
