#include "engine/train/solver_error.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "base/error.h"

namespace quantd {

absl::Status SolverError(absl::string_view field, absl::string_view problem) {
  return Error(absl::StatusCode::kInvalidArgument, "SOLVER_INVALID",
               absl::StrCat("solver field ", field, " ", problem),
               {{"field", std::string(field)}});
}

}  // namespace quantd
