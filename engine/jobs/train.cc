#include "engine/jobs/train.h"

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "engine/jobs/job_model.h"
#include "engine/jobs/net_files.h"
#include "engine/jobs/phase_tracker.h"
#include "engine/jobs/scratch_directory.h"
#include "engine/layers/registry.h"
#include "engine/model/caffemodel.h"
#include "engine/model/upgrade.h"
#include "engine/train/solver.h"
#include "engine/train/solver_nets.h"
#include "engine/train/solver_param.h"
#include "engine/train/solver_state.h"

namespace quantd {
namespace {

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
    tracker_->Advance(iter + 1);
    if (display_ > 0 && iter % display_ == 0) {
      tracker_->monitor()->OnLog(
          absl::StrCat("Iteration ", iter, ", loss = ", loss, ", lr = ", rate));
    }
    return absl::OkStatus();
  }

  absl::Status OnTest(int iter,
                      const std::vector<SolverTestOutput>& outputs) override {
    v1::TrainResult* result = output_->result.mutable_train();
    result->clear_test_outputs();
    std::string line = absl::StrCat("Iteration ", iter, ", testing:");
    for (const SolverTestOutput& output : outputs) {
      v1::TestOutput* saved = result->add_test_outputs();
      saved->set_net(output.net);
      saved->set_blob(output.blob);
      saved->set_element(output.element);
      saved->set_value(output.value);
      absl::StrAppend(&line, " ", output.blob, " = ", output.value);
    }
    tracker_->monitor()->OnLog(line);
    return absl::OkStatus();
  }

  absl::Status OnSnapshot(SolverSnapshot snapshot) override {
    output_->files.push_back(
        {BaseName(snapshot.model_name), std::move(snapshot.model)});
    output_->files.push_back(
        {BaseName(snapshot.state_name), std::move(snapshot.state)});
    return absl::OkStatus();
  }

  absl::Status OnLayer() override { return tracker_->CheckCancelled(); }

 private:
  const int display_;
  PhaseTracker* const tracker_;
  JobOutput* const output_;
};

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

absl::Status LoadStart(const v1::TrainSpec& spec, const JobInputs& inputs,
                       JobMonitor* monitor, Solver* solver) {
  if (spec.has_solver_state()) {
    ASSIGN_OR_RETURN(const std::string bytes,
                     inputs.read_blob(spec.solver_state()));
    ASSIGN_OR_RETURN(const caffe::SolverState state,
                     ParseSolverState(bytes, spec.solver_state().file_name()));
    ASSIGN_OR_RETURN(const caffe::NetParameter weights,
                     ReadWeights(spec.weights(0), inputs));
    return solver->Restore(state, weights);
  }
  for (const v1::BlobRef& ref : spec.weights()) {
    ASSIGN_OR_RETURN(const caffe::NetParameter weights,
                     ReadWeights(ref, inputs));
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
  ASSIGN_OR_RETURN(const std::unique_ptr<Solver> solver,
                   Solver::Create(param, nets, MakeLayer, {}));
  RETURN_IF_ERROR(LoadStart(spec, inputs, monitor, solver.get()));
  tracker.Begin("TRAIN", param.max_iter());
  JobOutput output;
  TrainObserver observer(param, &tracker, &output);
  RETURN_IF_ERROR(solver->Solve(&observer));
  tracker.End();
  v1::TrainResult* result = output.result.mutable_train();
  result->set_num_iterations(solver->iter());
  result->set_loss(solver->loss());
  output.result.mutable_phase_times()->Assign(tracker.phase_times().begin(),
                                              tracker.phase_times().end());
  return output;
}

}  // namespace quantd
