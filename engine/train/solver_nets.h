// The networks that a solver trains and tests with.
#ifndef QUANTD_ENGINE_TRAIN_SOLVER_NETS_H_
#define QUANTD_ENGINE_TRAIN_SOLVER_NETS_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd {

// Upgraded and filtered by state, without weights.
struct SolverNets {
  caffe::NetParameter train;
  std::vector<caffe::NetParameter> tests;  // One per test_iter.
};

// The text of a *.prototxt that the solver names, as it spells the path.
using ReadNetText =
    std::function<absl::StatusOr<std::string>(const std::string& path)>;

// Test nets come from test_net_param, then test_net, then the common net for
// what remains of test_iter. A net's state is its phase, then its own `state`,
// then train_state or test_state.
// `solver` is one that ParseSolver() accepts.
// Errors: those of `read`, ParseNetPrototxt(), UpgradeNet() and FilterNet().
absl::StatusOr<SolverNets> LoadSolverNets(const caffe::SolverParameter& solver,
                                          const ReadNetText& read);

}  // namespace quantd

#endif  // QUANTD_ENGINE_TRAIN_SOLVER_NETS_H_
