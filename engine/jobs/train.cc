#include "engine/jobs/train.h"

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "absl/types/optional.h"
#include "base/error.h"
#include "base/failpoints.h"
#include "base/status_macros.h"
#include "engine/jobs/job_model.h"
#include "engine/jobs/net_files.h"
#include "engine/jobs/phase_tracker.h"
#include "engine/jobs/scratch_directory.h"
#include "engine/layers/registry.h"
#include "engine/model/caffemodel.h"
#include "engine/model/float_model.h"
#include "engine/model/upgrade.h"
#include "engine/train/solver.h"
#include "engine/train/solver_nets.h"
#include "engine/train/solver_param.h"
#include "engine/train/solver_state.h"

namespace quantd {
namespace {

constexpr absl::string_view kIterMark = "_iter_";

std::string BaseName(const std::string& path) {
  return path.substr(path.rfind('/') + 1);
}

// Turns what the solver does into progress, log and files.
class TrainObserver : public SolverObserver {
 public:
  TrainObserver(const caffe::SolverParameter& solver, PhaseTracker* tracker,
                JobOutput* output)
      : display_(solver.display()), tracker_(tracker), output_(output) {}

  absl::Status OnIteration(int iter, double loss, float rate) override {
    QUANTD_FAILPOINT("jobs/training_iteration");
    train_.set_loss(loss);
    train_.set_learning_rate(rate);
    tracker_->AdvanceTraining(iter + 1, train_);
    if (display_ > 0 && iter % display_ == 0) {
      tracker_->monitor()->OnLog(
          absl::StrCat("Iteration ", iter, ", loss = ", loss, ", lr = ", rate));
    }
    return absl::OkStatus();
  }

  absl::Status OnTest(int iter,
                      const std::vector<SolverTestOutput>& outputs) override {
    train_.clear_test_outputs();
    std::string line = absl::StrCat("Iteration ", iter, ", testing:");
    for (const SolverTestOutput& output : outputs) {
      v1::TestOutput* test = train_.add_test_outputs();
      test->set_net(output.net);
      test->set_blob(output.blob);
      test->set_element(output.element);
      test->set_value(output.value);
      absl::StrAppend(&line, " ", output.blob, " = ", output.value);
    }
    *output_->result.mutable_train()->mutable_test_outputs() =
        train_.test_outputs();
    tracker_->monitor()->OnLog(line);
    return absl::OkStatus();
  }

  absl::Status OnSnapshot(SolverSnapshot snapshot) override {
    return tracker_->monitor()->SaveFiles(
        {{BaseName(snapshot.model_name), std::move(snapshot.model)},
         {BaseName(snapshot.state_name), std::move(snapshot.state)}});
  }

  bool StopRequested() override { return tracker_->monitor()->StopRequested(); }

  absl::Status OnLayer() override { return tracker_->CheckCancelled(); }

 private:
  const int display_;
  PhaseTracker* const tracker_;
  JobOutput* const output_;
  v1::TrainProgress train_;
};

// The two files of a snapshot that an earlier attempt saved.
struct SavedSnapshot {
  v1::BlobRef model;
  v1::BlobRef state;
};

// The N of a file "<prefix>_iter_<N>.solverstate" or "...solverstate.h5"; -1
// for other names.
int64_t IterationOf(absl::string_view name, absl::string_view extension) {
  if (!absl::ConsumeSuffix(&name, absl::StrCat(extension, ".h5")) &&
      !absl::ConsumeSuffix(&name, extension)) {
    return -1;
  }
  const size_t mark = name.rfind(kIterMark);
  int64_t iteration = -1;
  const bool found =
      mark != absl::string_view::npos &&
      absl::SimpleAtoi(name.substr(mark + kIterMark.size()), &iteration);
  return found ? iteration : -1;
}

absl::optional<SavedSnapshot> LastSnapshot(
    const std::vector<v1::Artifact>& saved) {
  std::map<int64_t, SavedSnapshot> by_iteration;
  for (const v1::Artifact& file : saved) {
    const int64_t state = IterationOf(file.name(), ".solverstate");
    const int64_t model = IterationOf(file.name(), ".caffemodel");
    if (state >= 0) by_iteration[state].state = file.blob();
    if (model >= 0) by_iteration[model].model = file.blob();
  }
  for (auto it = by_iteration.rbegin(); it != by_iteration.rend(); ++it) {
    const SavedSnapshot& snapshot = it->second;
    if (!snapshot.model.sha256().empty() && !snapshot.state.sha256().empty()) {
      return snapshot;
    }
  }
  return absl::nullopt;
}

absl::Status Stopping(int iter) {
  return Error(absl::StatusCode::kUnavailable, "WORKER_STOPPING",
               absl::StrCat("training was interrupted after iteration ", iter,
                            " and goes on from there when the server runs "
                            "again"),
               {{"iteration", absl::StrCat(iter)}});
}

// The networks' files that the solver names, by their paths there.
std::map<std::string, v1::BlobRef> NetsByPath(
    const caffe::SolverParameter& solver, const v1::TrainSpec& spec) {
  std::map<std::string, v1::BlobRef> nets;
  if (spec.has_net()) {
    nets[solver.has_net() ? solver.net() : solver.train_net()] = spec.net();
  }
  for (int i = 0; i < solver.test_net_size() && i < spec.test_nets_size();
       ++i) {
    nets[solver.test_net(i)] = spec.test_nets(i);
  }
  return nets;
}

absl::StatusOr<SolverNets> LoadNets(const caffe::SolverParameter& solver,
                                    const v1::TrainSpec& spec,
                                    const JobInputs& inputs) {
  const std::map<std::string, v1::BlobRef> nets = NetsByPath(solver, spec);
  return LoadSolverNets(
      solver, [&](const std::string& path) -> absl::StatusOr<std::string> {
        const auto it = nets.find(path);
        if (it != nets.end()) return inputs.read_blob(it->second);
        return Error(absl::StatusCode::kInvalidArgument, "OPTION_MISSING",
                     absl::StrCat("the network \"", path,
                                  "\" that the solver names does not come with "
                                  "the job; send it"),
                     {{"file", path}});
      });
}

// Puts the job's files where layers can open them.
absl::StatusOr<NetFiles> PlaceFiles(const v1::TrainSpec& spec,
                                    const JobInputs& inputs,
                                    ScratchDirectory* scratch) {
  NetFiles files;
  for (const v1::SourceDataset& dataset : spec.datasets()) {
    ASSIGN_OR_RETURN(files.datasets[dataset.source()],
                     DatasetPath(inputs, dataset.dataset_id()));
  }
  for (const v1::SourceFile& file : spec.files()) {
    ASSIGN_OR_RETURN(const std::string bytes, inputs.read_blob(file.file()));
    ASSIGN_OR_RETURN(files.files[file.path()], scratch->Write(bytes));
  }
  return files;
}

absl::StatusOr<caffe::NetParameter> ReadWeights(const v1::BlobRef& ref,
                                                const JobInputs& inputs) {
  ASSIGN_OR_RETURN(const std::string bytes, inputs.read_blob(ref));
  ASSIGN_OR_RETURN(caffe::NetParameter weights,
                   ParseCaffemodel(bytes, ref.file_name()));
  RETURN_IF_ERROR(UpgradeNet(&weights));
  return weights;
}

absl::Status Restore(const v1::BlobRef& state_ref, const v1::BlobRef& model_ref,
                     const JobInputs& inputs, Solver* solver) {
  ASSIGN_OR_RETURN(const std::string bytes, inputs.read_blob(state_ref));
  ASSIGN_OR_RETURN(const caffe::SolverState state,
                   ParseSolverState(bytes, state_ref.file_name()));
  ASSIGN_OR_RETURN(const caffe::NetParameter weights,
                   ReadWeights(model_ref, inputs));
  return solver->Restore(state, weights);
}

absl::Status LoadStart(const v1::TrainSpec& spec, const JobInputs& inputs,
                       JobMonitor* monitor, Solver* solver) {
  if (const auto saved = LastSnapshot(inputs.saved)) {
    monitor->OnLog(absl::StrCat("going on from ", saved->state.file_name()));
    return Restore(saved->state, saved->model, inputs, solver);
  }
  if (spec.has_solver_state()) {
    return Restore(spec.solver_state(), spec.weights(0), inputs, solver);
  }
  for (const v1::BlobRef& ref : spec.weights()) {
    ASSIGN_OR_RETURN(const caffe::NetParameter weights,
                     ReadWeights(ref, inputs));
    RETURN_IF_ERROR(CheckFloatBlobs(weights));
    std::vector<std::string> ignored;
    RETURN_IF_ERROR(solver->LoadWeights(weights, &ignored));
    if (ignored.empty()) continue;
    Warn("MODEL_WARNING",
         absl::StrCat(ref.file_name(),
                      ": these layers are not in the network and were left "
                      "out: ",
                      absl::StrJoin(ignored, ", ")),
         monitor);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<JobOutput> RunTrain(const v1::TrainSpec& spec,
                                   const JobInputs& inputs,
                                   JobMonitor* monitor) {
  PhaseTracker tracker(monitor);
  tracker.Begin("LOAD");
  ASSIGN_OR_RETURN(const std::string text, inputs.read_blob(spec.solver()));
  ASSIGN_OR_RETURN(const caffe::SolverParameter param,
                   ParseSolver(text, spec.solver().file_name()));
  ASSIGN_OR_RETURN(SolverNets nets, LoadNets(param, spec, inputs));
  ASSIGN_OR_RETURN(std::unique_ptr<ScratchDirectory> scratch,
                   ScratchDirectory::Create());
  ASSIGN_OR_RETURN(const NetFiles files,
                   PlaceFiles(spec, inputs, scratch.get()));
  RETURN_IF_ERROR(ReplaceFiles(files, &nets.train));
  for (caffe::NetParameter& test : nets.tests) {
    RETURN_IF_ERROR(ReplaceFiles(files, &test));
  }
  Solver::Options options;
  options.before_snapshot = [&files](caffe::NetParameter* net) {
    RestoreFiles(files, net);
  };
  ASSIGN_OR_RETURN(const std::unique_ptr<Solver> solver,
                   Solver::Create(param, nets, MakeLayer, options));
  RETURN_IF_ERROR(LoadStart(spec, inputs, monitor, solver.get()));
  tracker.Begin("TRAIN", param.max_iter());
  JobOutput output;
  TrainObserver observer(param, &tracker, &output);
  RETURN_IF_ERROR(solver->Solve(&observer));
  if (solver->iter() < param.max_iter()) return Stopping(solver->iter());
  tracker.Finish(&output.result);
  v1::TrainResult* result = output.result.mutable_train();
  result->set_num_iterations(solver->iter());
  result->set_loss(solver->loss());
  return output;
}

}  // namespace quantd
