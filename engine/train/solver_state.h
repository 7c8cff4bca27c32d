// A solver's snapshot as a file: *.solverstate, binary protobuf or HDF5.
#ifndef QUANTD_ENGINE_TRAIN_SOLVER_STATE_H_
#define QUANTD_ENGINE_TRAIN_SOLVER_STATE_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd {

// Both formats, by content. Whether the histories fit a solver is seen by
// Solver::Restore().
// Errors: INVALID_ARGUMENT, SOLVERSTATE_PARSE with the file: empty, no
//   SolverState, a negative iteration; HDF5_INVALID of Hdf5Reader.
absl::StatusOr<caffe::SolverState> ParseSolverState(
    absl::string_view bytes, const std::string& file_name);

// As Caffe writes it. Errors: RESOURCE_EXHAUSTED, MESSAGE_TOO_LARGE from 2 GiB
// on (binary); those of Hdf5Writer.
absl::StatusOr<std::string> SerializeSolverState(
    const caffe::SolverState& state,
    caffe::SolverParameter::SnapshotFormat format);

}  // namespace quantd

#endif  // QUANTD_ENGINE_TRAIN_SOLVER_STATE_H_
