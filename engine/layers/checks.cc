#include "engine/layers/checks.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"

namespace quantd {
namespace {

absl::Status CheckCount(absl::string_view what, int count, Arity allowed) {
  if (count >= allowed.min && count <= allowed.max) return absl::OkStatus();
  std::string range = absl::StrCat(allowed.min);
  if (allowed.max == Arity::kAny) {
    absl::StrAppend(&range, " or more");
  } else if (allowed.max != allowed.min) {
    absl::StrAppend(&range, " to ", allowed.max);
  }
  return Error(
      absl::StatusCode::kInvalidArgument, "LAYER_ARITY_INVALID",
      absl::StrCat("the layer has ", count, " ", what, ", it takes ", range),
      {{"field", std::string(what)},
       {"expected", range},
       {"found", absl::StrCat(count)}});
}

}  // namespace

absl::Status FieldError(absl::string_view field, absl::string_view problem) {
  return Error(absl::StatusCode::kInvalidArgument, "LAYER_PARAMETER_INVALID",
               absl::StrCat(field, " ", problem),
               {{"field", std::string(field)}});
}

absl::Status BottomError(absl::string_view problem) {
  return Error(absl::StatusCode::kInvalidArgument, "LAYER_SHAPE_INVALID",
               problem);
}

absl::Status InputError(absl::string_view problem) {
  return Error(absl::StatusCode::kInvalidArgument, "LAYER_INPUT_INVALID",
               problem);
}

absl::Status CheckArity(absl::Span<const Shape> bottoms, Arity num_bottoms,
                        int num_tops, Arity allowed_tops) {
  RETURN_IF_ERROR(
      CheckCount("bottoms", static_cast<int>(bottoms.size()), num_bottoms));
  return CheckCount("tops", num_tops, allowed_tops);
}

absl::Status CheckSize(absl::string_view field, int64_t value, int64_t min,
                       int64_t max) {
  if (value >= min && value <= max) return absl::OkStatus();
  return FieldError(field, absl::StrCat("is ", value, "; it must be in [", min,
                                        ", ", max, "]"));
}

absl::Status CheckEps(absl::string_view field, float value) {
  if (value >= 0) return absl::OkStatus();
  return FieldError(field, "must not be negative");
}

absl::Status CheckImageAxes(const Shape& bottom, absl::string_view what) {
  if (bottom.num_axes() == 4) return absl::OkStatus();
  return BottomError(absl::StrCat(what, " of shape ", bottom.ToString(),
                                  " has not the 4 axes (N, C, H, W)"));
}

absl::Status CheckHasChannels(const Shape& bottom) {
  if (bottom.num_axes() >= 2) return absl::OkStatus();
  return BottomError(absl::StrCat("a bottom of shape ", bottom.ToString(),
                                  " has no channels (axis 1)"));
}

absl::Status CheckChannels(const Shape& bottom, int64_t found,
                           int64_t expected) {
  if (found == expected) return absl::OkStatus();
  return BottomError(absl::StrCat("a bottom of shape ", bottom.ToString(),
                                  " has not the ", expected,
                                  " channels of the first"));
}

absl::StatusOr<int> CanonicalAxis(const Shape& bottom, int64_t axis,
                                  absl::string_view field) {
  const int64_t num_axes = bottom.num_axes();
  if (axis < -num_axes || axis >= num_axes) {
    return FieldError(
        field, absl::StrCat(axis, " is not an axis of ", bottom.ToString()));
  }
  return static_cast<int>(axis < 0 ? axis + num_axes : axis);
}

absl::StatusOr<std::vector<int>> CanonicalAxes(const Shape& bottom,
                                               absl::Span<const int> axes,
                                               absl::string_view field) {
  std::vector<int> canonical;
  for (const int axis : axes) {
    ASSIGN_OR_RETURN(const int a, CanonicalAxis(bottom, axis, field));
    if (std::find(canonical.begin(), canonical.end(), a) != canonical.end()) {
      return FieldError(field, absl::StrCat("names axis ", a, " of ",
                                            bottom.ToString(), " twice"));
    }
    canonical.push_back(a);
  }
  return canonical;
}

absl::StatusOr<int64_t> IndexOf(float value, int64_t limit) {
  // Written so that NaN fails; values in (-1, 0) are cut to 0.
  if (value > -1.0f && static_cast<double>(value) < limit) {
    return static_cast<int64_t>(value);
  }
  return InputError(
      absl::StrCat("index ", value, " is not in [0, ", limit, ")"));
}

}  // namespace quantd
