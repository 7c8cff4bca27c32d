// The error of a solver prototxt that cannot be followed.
#ifndef QUANTD_ENGINE_TRAIN_SOLVER_ERROR_H_
#define QUANTD_ENGINE_TRAIN_SOLVER_ERROR_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace quantd {

// INVALID_ARGUMENT, SOLVER_INVALID: "solver field <field> <problem>".
absl::Status SolverError(absl::string_view field, absl::string_view problem);

}  // namespace quantd

#endif  // QUANTD_ENGINE_TRAIN_SOLVER_ERROR_H_
