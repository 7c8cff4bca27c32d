// What `caffe train` reads: the files and data that a solver prototxt names,
// found on this machine.
// Not here: uploading them (cli/train.cc), understanding the solver (engine).
#ifndef QUANTD_CLIENT_SOLVER_FILES_H_
#define QUANTD_CLIENT_SOLVER_FILES_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace quantd {

// Paths as they can be opened; keys of maps are spelled as in the prototxts.
struct SolverFiles {
  std::string solver;
  // Of `net` or `train_net`; empty if the solver holds its network itself.
  std::string net;
  std::vector<std::string> test_nets;
  // LMDB directories by data_param.source.
  std::map<std::string, std::string> datasets;
  // Mean files and the like.
  std::map<std::string, std::string> files;
};

// Reads the solver at `solver_path` and the networks that it names. A relative
// path is looked for as Caffe does, from the working directory, and else beside
// the solver. Fields that are not known are left for the server to judge.
// Errors: FAILED_PRECONDITION, FILE_NOT_FOUND with the field that names it (and
// the other reasons of CheckInputFile()); INVALID_ARGUMENT, PROTOTXT_PARSE with
// line and column.
absl::StatusOr<SolverFiles> FindSolverFiles(const std::string& solver_path);

// The *.caffemodel (or *.caffemodel.h5) that Caffe wrote beside a *.solverstate
// (*.solverstate.h5).
// Errors: FAILED_PRECONDITION, FILE_NOT_FOUND.
absl::StatusOr<std::string> WeightsOfSolverState(const std::string& path);

}  // namespace quantd

#endif  // QUANTD_CLIENT_SOLVER_FILES_H_
