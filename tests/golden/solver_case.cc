#include "tests/golden/solver_case.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/layers/registry.h"
#include "engine/model/caffemodel.h"
#include "engine/train/solver.h"
#include "engine/train/solver_param.h"
#include "engine/train/solver_state.h"
#include "tests/golden/npy.h"

namespace quantd {
namespace {

// The loss of the last batch of every iteration.
class LossRecorder : public SolverObserver {
 public:
  explicit LossRecorder(Solver* solver) : solver_(*solver) {}
  absl::Status OnIteration(int, double, float) override {
    losses_.push_back(solver_.net()->loss());
    return absl::OkStatus();
  }
  const std::vector<double>& losses() const { return losses_; }

 private:
  Solver& solver_;
  std::vector<double> losses_;
};

class SolverRun {
 public:
  explicit SolverRun(const CaffeCase& test_case) : case_(test_case) {}

  absl::Status Run() {
    ASSIGN_OR_RETURN(const std::string text, ReadFileBytes(case_.solver));
    ASSIGN_OR_RETURN(param_, ParseSolver(text, case_.solver));
    ASSIGN_OR_RETURN(nets_, LoadSolverNets(param_, [this](const std::string&) {
                       return ReadFileBytes(case_.net);
                     }));
    ASSIGN_OR_RETURN(const caffe::NetParameter init, ReadModel(case_.weights));
    ASSIGN_OR_RETURN(const std::unique_ptr<Solver> solver, MakeSolver());
    RETURN_IF_ERROR(solver->LoadWeights(init));
    RETURN_IF_ERROR(Follow(solver.get()));
    return case_.snapshot_state.empty() ? absl::OkStatus() : CheckSnapshot();
  }

 private:
  static absl::StatusOr<caffe::NetParameter> ReadModel(
      const std::string& path) {
    ASSIGN_OR_RETURN(const std::string bytes, ReadFileBytes(path));
    return ParseCaffemodel(bytes, path);
  }

  absl::StatusOr<std::unique_ptr<Solver>> MakeSolver() const {
    ASSIGN_OR_RETURN(std::unique_ptr<Solver> solver,
                     Solver::Create(param_, nets_, MakeLayer, {}));
    for (const CaseBlob& input : case_.inputs) {
      ASSIGN_OR_RETURN(const NpyArray array, ReadNpy(input.file));
      ASSIGN_OR_RETURN(const std::vector<float> values, array.Values<float>());
      ASSIGN_OR_RETURN(Tensor * blob, solver->net()->MutableBlob(input.blob));
      std::copy(values.begin(), values.end(), blob->data());
    }
    return solver;
  }

  absl::Status Follow(Solver* solver) const {
    LossRecorder recorder(solver);
    for (size_t i = 0; i < case_.losses.size(); ++i) {
      RETURN_IF_ERROR(solver->Step(&recorder));
      const double expected = case_.losses[i];
      const double actual = recorder.losses()[i];
      if (std::abs(actual - expected) >
          case_.atol + case_.rtol * std::abs(expected)) {
        return absl::InternalError(absl::StrCat("loss of iteration ", i + 1,
                                                " is ", actual, ", expected ",
                                                expected));
      }
      RETURN_IF_ERROR(CheckBlobs(solver));
    }
    return absl::OkStatus();
  }

  absl::Status CheckBlobs(Solver* solver) const {
    const Net& net = *solver->net();
    for (const CaseParam& param : case_.params_after) {
      if (param.iter != solver->iter()) continue;
      ASSIGN_OR_RETURN(const int index, net.LayerIndex(param.layer));
      RETURN_IF_ERROR(CompareWithFile(
          absl::StrCat("layer ", param.layer, " blob ", param.index, " after ",
                       param.iter, " iterations"),
          net.layer(index).blobs()[param.index], param.file, case_));
    }
    return absl::OkStatus();
  }

  // Caffe's snapshot is taken up, and is what we write ourselves.
  absl::Status CheckSnapshot() const {
    ASSIGN_OR_RETURN(const std::string bytes,
                     ReadFileBytes(case_.snapshot_state));
    ASSIGN_OR_RETURN(const caffe::SolverState state,
                     ParseSolverState(bytes, case_.snapshot_state));
    ASSIGN_OR_RETURN(const caffe::NetParameter model,
                     ReadModel(case_.snapshot_model));
    ASSIGN_OR_RETURN(const std::unique_ptr<Solver> solver, MakeSolver());
    RETURN_IF_ERROR(solver->Restore(state, model));
    RETURN_IF_ERROR(CheckBlobs(solver.get()));
    ASSIGN_OR_RETURN(const SolverSnapshot ours, solver->TakeSnapshot());
    ASSIGN_OR_RETURN(const caffe::SolverState again,
                     ParseSolverState(ours.state, "our snapshot"));
    if (again.iter() != state.iter() ||
        again.history_size() != state.history_size()) {
      return absl::InternalError("the snapshot's counters differ");
    }
    for (int i = 0; i < state.history_size(); ++i) {
      if (!std::equal(
              state.history(i).data().begin(), state.history(i).data().end(),
              again.history(i).data().begin(), again.history(i).data().end())) {
        return absl::InternalError(absl::StrCat("history ", i, " differs"));
      }
    }
    return solver->Step(nullptr);
  }

  const CaffeCase& case_;
  caffe::SolverParameter param_;
  SolverNets nets_;
};

}  // namespace

absl::Status RunSolverCase(const CaffeCase& test_case) {
  return SolverRun(test_case).Run();
}

}  // namespace quantd
