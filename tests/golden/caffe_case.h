// Cases that BVLC Caffe computed, run by our engine: forward values, gradients,
// data layers, whole nets and prototxt upgrades.
// Not here: the command line (run_caffe_cases.cc), solvers (solver_case.h).
#ifndef QUANTD_TESTS_GOLDEN_CAFFE_CASE_H_
#define QUANTD_TESTS_GOLDEN_CAFFE_CASE_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd {

// A blob of a net and the file with its values.
struct CaseBlob {
  std::string blob;
  std::string file;
  int batch = 0;  // Data cases: which forward pass.
};

// A blob of a layer and the file with its values.
struct CaseParam {
  std::string layer;
  int index = 0;
  std::string file;
  int iter = 0;  // Solver cases: after how many iterations.
};

// One entry of index.json. Paths are absolute; fields that a kind does not have
// are empty.
struct CaffeCase {
  std::string name;
  std::string kind;   // "" (one layer), "data", "net", "upgrade", "solver".
  std::string layer;  // The layer type under test; "Net", "Upgrade", ...
  // Where forks mean different things by one type: whose meaning this is.
  std::string variant;
  std::string directory;
  caffe::Phase phase = caffe::TEST;
  std::string net;      // Prototxt; the input of an upgrade.
  std::string weights;  // Caffemodel.
  // Caffemodel relative to the folder that holds `models`; models_root is that
  // folder, or empty if no ancestor of the cases has the file.
  std::string weights_external;
  std::string models_root;
  std::string upgraded;  // Expected prototxt of an upgrade.
  std::vector<CaseBlob> inputs;
  std::vector<CaseBlob> outputs;
  std::vector<CaseParam> params_after;
  // Solver cases: the solver's prototxt, the loss of every iteration, and
  // Caffe's own snapshot (caffemodel, solverstate) after the last of them.
  std::string solver;
  std::vector<double> losses;
  std::string snapshot_model;
  std::string snapshot_state;
  // Gradients: given on tops, expected of bottoms and of layers' blobs.
  std::vector<CaseBlob> top_diffs;
  std::vector<CaseBlob> bottom_diffs;
  std::vector<CaseParam> param_diffs;
  // A value passes when |a - b| <= atol + rtol * |b|, b the expected one.
  double rtol = 0;
  double atol = 0;
};

struct CaseResult {
  enum class Outcome { kPassed, kFailed, kSkipped };
  Outcome outcome = Outcome::kPassed;
  std::string detail;  // Why failed or skipped.
};

// The cases of `directory`/index.json, in file order.
// Errors: NOT_FOUND without the file, INVALID_ARGUMENT if it is not such an
// index.
absl::StatusOr<std::vector<CaffeCase>> LoadCaffeCases(
    const std::string& directory);

// Runs one case. Skipped, with the name of what is missing: a layer type that
// is not in the registry, a fork's meaning of a type that is not ours, a model
// that is not there.
CaseResult RunCaffeCase(const CaffeCase& test_case);

}  // namespace quantd

#endif  // QUANTD_TESTS_GOLDEN_CAFFE_CASE_H_
