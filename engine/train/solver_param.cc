#include "engine/train/solver_param.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/model/prototxt.h"
#include "engine/train/learning_rate.h"
#include "engine/train/solver_error.h"
#include "engine/train/update_rule.h"

namespace quantd {
namespace {

absl::Status UpgradeType(caffe::SolverParameter* solver) {
  static constexpr const char* kTypes[] = {"SGD",     "Nesterov", "AdaGrad",
                                           "RMSProp", "AdaDelta", "Adam"};
  if (!solver->has_solver_type()) return absl::OkStatus();
  if (solver->has_type()) {
    return SolverError(
        "solver_type",
        "is the old form of type, which is given too; keep type");
  }
  solver->set_type(kTypes[solver->solver_type()]);
  solver->clear_solver_type();
  return absl::OkStatus();
}

// "dir/lenet_solver.prototxt" -> "lenet_solver".
std::string StemOf(const std::string& file_name) {
  const std::string base = file_name.substr(file_name.rfind('/') + 1);
  return base.substr(0, base.rfind('.'));
}

void UpgradePrefix(const std::string& file_name,
                   caffe::SolverParameter* solver) {
  const std::string& prefix = solver->snapshot_prefix();
  if (!prefix.empty() && !absl::EndsWith(prefix, "/")) return;
  solver->set_snapshot_prefix(absl::StrCat(prefix, StemOf(file_name)));
}

absl::Status CheckNets(const caffe::SolverParameter& solver) {
  const int num_train_nets = solver.has_net() + solver.has_net_param() +
                             solver.has_train_net() +
                             solver.has_train_net_param();
  if (num_train_nets != 1) {
    return SolverError(
        "net", absl::StrCat(num_train_nets,
                            " training nets are given; give exactly one of "
                            "net, net_param, train_net, train_net_param"));
  }
  const int num_own = solver.test_net_size() + solver.test_net_param_size();
  const bool has_common = solver.has_net() || solver.has_net_param();
  const int num_iters = solver.test_iter_size();
  if (has_common ? num_iters < num_own : num_iters != num_own) {
    return SolverError("test_iter",
                       absl::StrCat("is given ", num_iters, " times for ",
                                    num_own, " test nets; give one per net"));
  }
  if (solver.test_state_size() != 0 && solver.test_state_size() != num_iters) {
    return SolverError("test_state",
                       "must be given once per test net, or not at all");
  }
  for (int iterations : solver.test_iter()) {
    if (iterations <= 0) return SolverError("test_iter", "must be > 0");
  }
  if (num_iters > 0 && solver.test_interval() <= 0) {
    return SolverError("test_interval", "must be > 0 with test nets");
  }
  return absl::OkStatus();
}

absl::Status CheckCounts(const caffe::SolverParameter& solver) {
  struct Count {
    const char* field;
    int value;
    int min;
  };
  for (const Count& count :
       {Count{"max_iter", solver.max_iter(), 0},
        Count{"iter_size", solver.iter_size(), 1},
        Count{"average_loss", solver.average_loss(), 1},
        Count{"display", solver.display(), 0},
        Count{"snapshot", solver.snapshot(), 0},
        Count{"test_interval", solver.test_interval(), 0}}) {
    if (count.value >= count.min) continue;
    return SolverError(
        count.field,
        absl::StrCat("is ", count.value, "; it must be at least ", count.min));
  }
  if (solver.regularization_type() != "L1" &&
      solver.regularization_type() != "L2") {
    return SolverError("regularization_type", "must be L1 or L2");
  }
  if (!(solver.weight_decay() >= 0)) {
    return SolverError("weight_decay", "must not be negative");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<caffe::SolverParameter> ParseSolver(
    absl::string_view text, const std::string& file_name) {
  caffe::SolverParameter solver;
  RETURN_IF_ERROR(ParsePrototxt(text, file_name, &solver));
  RETURN_IF_ERROR(UpgradeType(&solver));
  UpgradePrefix(file_name, &solver);
  RETURN_IF_ERROR(CheckNets(solver));
  RETURN_IF_ERROR(CheckCounts(solver));
  RETURN_IF_ERROR(CheckLearningRate(solver));
  RETURN_IF_ERROR(FindUpdateRule(solver).status());
  return solver;
}

}  // namespace quantd
