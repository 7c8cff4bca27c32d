#include "tests/golden/solver_case.h"

#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/layers/registry.h"
#include "engine/model/caffemodel.h"
#include "engine/train/solver.h"
#include "engine/train/solver_nets.h"
#include "engine/train/solver_param.h"
#include "engine/train/solver_state.h"
#include "google/protobuf/util/message_differencer.h"
#include "tests/golden/case_values.h"
#include "tests/golden/npy.h"

namespace quantd {
namespace {

// A layer's blob: name and index.
using BlobId = std::pair<std::string, int>;

// Blobs whose values rounding decides. A bias whose layer feeds a BatchNorm in
// training has no gradient: what is computed is rounding of 1e-8 or so. Solvers
// that divide by the size of the gradients make whole steps of it. The bias
// changes nothing but the running mean, which follows it.
std::set<BlobId> BlobsOfRounding(const Net& net) {
  std::set<BlobId> blobs;
  for (int i = 0; i < net.num_layers(); ++i) {
    if (net.layer(i).type() != "BatchNorm") continue;
    for (int producer = 0; producer < i; ++producer) {
      const std::vector<Tensor*>& tops = net.tops(producer);
      if (tops.empty() || tops[0] != net.bottoms(i)[0]) continue;
      blobs.insert({net.layer(producer).name(), 1});
      blobs.insert({net.layer(i).name(), 0});
    }
  }
  return blobs;
}

// True if a solver of this type divides by the size of the gradients.
bool IsAdaptive(const std::string& type) {
  return type != "SGD" && type != "Nesterov";
}

// What Caffe or we wrote after an iteration.
struct Snapshot {
  caffe::NetParameter model;
  caffe::SolverState state;
};

absl::StatusOr<Snapshot> ParseSnapshot(const std::string& model,
                                       const std::string& state) {
  Snapshot snapshot;
  ASSIGN_OR_RETURN(snapshot.model, ParseCaffemodel(model, "caffemodel"));
  ASSIGN_OR_RETURN(snapshot.state, ParseSolverState(state, "solverstate"));
  return snapshot;
}

absl::Status CompareBlobs(const std::string& what,
                          const caffe::BlobProto& actual,
                          const caffe::BlobProto& expected,
                          const Tolerance& tolerance) {
  if (actual.shape().SerializeAsString() !=
      expected.shape().SerializeAsString()) {
    return absl::InternalError(absl::StrCat(what, ": another shape"));
  }
  return CompareValues(what, actual.data(),
                       {expected.data().begin(), expected.data().end()},
                       tolerance);
}

// How much may differ, and the blobs that are not compared.
struct Comparison {
  Tolerance tolerance;
  std::set<BlobId> except;
  std::vector<BlobId> params;  // That the solver learns, as it numbers them.
};

// All but the blobs.
absl::Status CompareSettings(caffe::LayerParameter actual,
                             caffe::LayerParameter expected) {
  actual.clear_blobs();
  expected.clear_blobs();
  std::string differences;
  google::protobuf::util::MessageDifferencer differencer;
  differencer.ReportDifferencesToString(&differences);
  if (differencer.Compare(expected, actual)) return absl::OkStatus();
  return absl::InternalError(absl::StrCat("snapshot, layer ", expected.name(),
                                          ": Caffe's -> ours: ", differences));
}

absl::Status CompareLayers(const caffe::LayerParameter& actual,
                           const caffe::LayerParameter& expected,
                           const Comparison& comparison) {
  RETURN_IF_ERROR(CompareSettings(actual, expected));
  if (actual.blobs_size() != expected.blobs_size()) {
    return absl::InternalError(absl::StrCat(
        "snapshot, layer ", expected.name(), ": ", actual.blobs_size(),
        " blobs, not ", expected.blobs_size()));
  }
  for (int i = 0; i < actual.blobs_size(); ++i) {
    if (comparison.except.count({expected.name(), i}) > 0) continue;
    RETURN_IF_ERROR(CompareBlobs(
        absl::StrCat("snapshot, layer ", expected.name(), ", blob ", i),
        actual.blobs(i), expected.blobs(i), comparison.tolerance));
  }
  return absl::OkStatus();
}

absl::Status CompareSnapshots(const Snapshot& actual, const Snapshot& expected,
                              const Comparison& comparison) {
  if (actual.model.name() != expected.model.name() ||
      actual.model.layer_size() != expected.model.layer_size()) {
    return absl::InternalError(absl::StrCat(
        "snapshot: net ", actual.model.name(), " with ",
        actual.model.layer_size(), " layers, not ", expected.model.name(),
        " with ", expected.model.layer_size()));
  }
  for (int i = 0; i < actual.model.layer_size(); ++i) {
    RETURN_IF_ERROR(CompareLayers(actual.model.layer(i),
                                  expected.model.layer(i), comparison));
  }
  if (actual.state.iter() != expected.state.iter() ||
      actual.state.current_step() != expected.state.current_step() ||
      actual.state.history_size() != expected.state.history_size()) {
    return absl::InternalError(absl::StrCat(
        "solver state: iter ", actual.state.iter(), ", current_step ",
        actual.state.current_step(), ", ", actual.state.history_size(),
        " histories, not ", expected.state.iter(), ", ",
        expected.state.current_step(), ", ", expected.state.history_size()));
  }
  for (int i = 0; i < actual.state.history_size(); ++i) {
    const size_t param = i % comparison.params.size();
    if (comparison.except.count(comparison.params[param]) > 0) continue;
    RETURN_IF_ERROR(CompareBlobs(
        absl::StrCat("solver state, history ", i), actual.state.history(i),
        expected.state.history(i), comparison.tolerance));
  }
  return absl::OkStatus();
}

// One case in progress.
class SolverRun {
 public:
  explicit SolverRun(const CaffeCase& test_case)
      : case_(test_case),
        comparison_{{test_case.rtol, test_case.atol}, {}, {}} {}

  absl::Status Run() {
    ASSIGN_OR_RETURN(std::unique_ptr<Solver> solver, MakeSolver());
    ASSIGN_OR_RETURN(const std::string init, ReadFileBytes(case_.weights));
    ASSIGN_OR_RETURN(const caffe::NetParameter weights,
                     ParseCaffemodel(init, case_.weights));
    RETURN_IF_ERROR(solver->LoadWeights(weights));
    for (size_t i = 0; i < case_.losses.size(); ++i) {
      RETURN_IF_ERROR(solver->Step(nullptr));
      RETURN_IF_ERROR(CompareLoss(static_cast<int>(i), solver->net()->loss()));
      RETURN_IF_ERROR(CompareParams(*solver));
    }
    if (case_.snapshot_model.empty()) return absl::OkStatus();
    return CheckSnapshot(solver.get());
  }

 private:
  absl::StatusOr<std::unique_ptr<Solver>> MakeSolver() {
    ASSIGN_OR_RETURN(const std::string text, ReadFileBytes(case_.solver));
    ASSIGN_OR_RETURN(const caffe::SolverParameter param,
                     ParseSolver(text, case_.solver));
    const auto read = [this](const std::string& path) {
      return ReadFileBytes(absl::StrCat(case_.directory, "/", path));
    };
    ASSIGN_OR_RETURN(const SolverNets nets, LoadSolverNets(param, read));
    ASSIGN_OR_RETURN(std::unique_ptr<Solver> solver,
                     Solver::Create(param, nets, MakeLayer, {}));
    comparison_.params.clear();
    for (const Net::Param& learned : solver->net()->params()) {
      comparison_.params.emplace_back(
          solver->net()->layer(learned.layer).name(), learned.blob);
    }
    if (IsAdaptive(param.type())) {
      comparison_.except = BlobsOfRounding(*solver->net());
    }
    for (const CaseBlob& input : case_.inputs) {
      ASSIGN_OR_RETURN(Tensor * blob, solver->net()->MutableBlob(input.blob));
      RETURN_IF_ERROR(FillFromFile(input.file, blob));
    }
    return solver;
  }

  absl::Status CompareLoss(int index, double loss) const {
    if (IsClose(loss, case_.losses[index], comparison_.tolerance))
      return absl::OkStatus();
    return absl::InternalError(absl::StrCat("loss of iteration ", index + 1,
                                            " is ", loss, ", expected ",
                                            case_.losses[index]));
  }

  absl::Status CompareParams(Solver& solver) const {
    for (const CaseParam& param : case_.params_after) {
      if (param.iter != solver.iter()) continue;
      if (comparison_.except.count({param.layer, param.index}) > 0) continue;
      const std::string what =
          absl::StrCat("layer ", param.layer, " blob ", param.index,
                       " after iteration ", param.iter);
      ASSIGN_OR_RETURN(const int index, solver.net()->LayerIndex(param.layer));
      const std::vector<Tensor>& blobs = solver.net()->layer(index).blobs();
      if (param.index >= static_cast<int>(blobs.size())) {
        return absl::InternalError(absl::StrCat(what, ": there is none"));
      }
      RETURN_IF_ERROR(CompareWithFile(what, blobs[param.index], param.file,
                                      comparison_.tolerance));
    }
    return absl::OkStatus();
  }

  absl::Status CheckSnapshot(Solver* solver) {
    ASSIGN_OR_RETURN(const std::string model,
                     ReadFileBytes(case_.snapshot_model));
    ASSIGN_OR_RETURN(const std::string state,
                     ReadFileBytes(case_.snapshot_state));
    ASSIGN_OR_RETURN(const Snapshot caffes, ParseSnapshot(model, state));
    ASSIGN_OR_RETURN(const SolverSnapshot taken, solver->TakeSnapshot());
    ASSIGN_OR_RETURN(const Snapshot ours,
                     ParseSnapshot(taken.model, taken.state));
    RETURN_IF_ERROR(CompareSnapshots(ours, caffes, comparison_));

    ASSIGN_OR_RETURN(std::unique_ptr<Solver> resumed, MakeSolver());
    RETURN_IF_ERROR(resumed->Restore(caffes.state, caffes.model));
    RETURN_IF_ERROR(CompareParams(*resumed));
    RETURN_IF_ERROR(solver->Step(nullptr));
    RETURN_IF_ERROR(resumed->Step(nullptr));
    ASSIGN_OR_RETURN(const SolverSnapshot from_caffes, resumed->TakeSnapshot());
    ASSIGN_OR_RETURN(const Snapshot after_caffes,
                     ParseSnapshot(from_caffes.model, from_caffes.state));
    ASSIGN_OR_RETURN(const SolverSnapshot from_ours, solver->TakeSnapshot());
    ASSIGN_OR_RETURN(const Snapshot after_ours,
                     ParseSnapshot(from_ours.model, from_ours.state));
    return CompareSnapshots(after_caffes, after_ours, comparison_);
  }

  const CaffeCase& case_;
  Comparison comparison_;
};

}  // namespace

absl::Status RunSolverCase(const CaffeCase& test_case) {
  return SolverRun(test_case).Run();
}

}  // namespace quantd
