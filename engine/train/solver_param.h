// A solver prototxt, read and checked.
// Not here: the nets that it names (solver_nets.h).
#ifndef QUANTD_ENGINE_TRAIN_SOLVER_PARAM_H_
#define QUANTD_ENGINE_TRAIN_SOLVER_PARAM_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd {

// The solver in `text`, upgraded: the old enum solver_type becomes `type`, and
// a missing or directory snapshot_prefix gets the name of the solver.
// Errors: INVALID_ARGUMENT: those of ParsePrototxt(); SOLVER_INVALID with the
//   field: type and solver_type together, not exactly one train net, test nets
//   and test_iter of different numbers, counts out of range, and what
//   CheckLearningRate() and FindUpdateRule() refuse.
absl::StatusOr<caffe::SolverParameter> ParseSolver(
    absl::string_view text, const std::string& file_name);

}  // namespace quantd

#endif  // QUANTD_ENGINE_TRAIN_SOLVER_PARAM_H_
