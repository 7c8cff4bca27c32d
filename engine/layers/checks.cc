#include "engine/layers/checks.h"

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

}  // namespace quantd
