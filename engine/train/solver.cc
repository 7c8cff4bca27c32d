#include "engine/train/solver.h"

#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "engine/core/blob_proto.h"
#include "engine/model/caffemodel.h"
#include "engine/model/caffemodel_h5.h"
#include "engine/train/learning_rate.h"
#include "engine/train/solver_state.h"
#include "engine/train/trained_layers.h"

namespace quantd {
namespace {

Net::AfterLayer LayerHook(SolverObserver* observer) {
  if (observer == nullptr) return nullptr;
  return [observer](int) { return observer->OnLayer(); };
}

absl::Status StateMismatch(const std::string& problem) {
  return Error(absl::StatusCode::kFailedPrecondition, "SOLVERSTATE_MISMATCH",
               absl::StrCat("the solver state ", problem,
                            "; give the snapshot of this solver and network"),
               {});
}

bool IsDue(int interval, int iter) {
  return interval > 0 && iter % interval == 0;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Solver>> Solver::Create(
    const caffe::SolverParameter& param, const SolverNets& nets,
    const LayerFactory& factory, const Options& options) {
  ASSIGN_OR_RETURN(const UpdateRule* rule, FindUpdateRule(param));
  std::unique_ptr<Solver> solver(new Solver(param, *rule, options));
  Net::Options net_options;
  net_options.max_bytes = options.max_bytes;
  net_options.phase = caffe::TRAIN;
  net_options.backward = true;
  if (param.random_seed() >= 0) {
    net_options.seed = static_cast<uint64_t>(param.random_seed());
  }
  ASSIGN_OR_RETURN(solver->net_, Net::Create(nets.train, net_options, factory));
  net_options.phase = caffe::TEST;
  net_options.backward = false;
  for (const caffe::NetParameter& test : nets.tests) {
    ASSIGN_OR_RETURN(std::unique_ptr<Net> net,
                     Net::Create(test, net_options, factory));
    RETURN_IF_ERROR(ShareTrainedLayers(solver->net_.get(), net.get()));
    solver->test_nets_.push_back(std::move(net));
  }
  for (int i = 0; i < rule->num_histories; ++i) {
    for (const Net::Param& learned : solver->net_->params()) {
      solver->history_.emplace_back();
      RETURN_IF_ERROR(solver->history_.back().Resize(learned.value.shape()));
    }
  }
  return solver;
}

absl::Status Solver::LoadWeights(const caffe::NetParameter& weights,
                                 std::vector<std::string>* ignored) {
  RETURN_IF_ERROR(CopyTrainedLayers(weights, net_.get(), ignored));
  for (const auto& net : test_nets_) net->ParamsChanged();
  return absl::OkStatus();
}

absl::Status Solver::Restore(const caffe::SolverState& state,
                             const caffe::NetParameter& learned_net) {
  if (state.history_size() != static_cast<int>(history_.size())) {
    return StateMismatch(absl::StrCat(
        "has ", state.history_size(), " histories, type ", rule_.type, " of ",
        net_->params().size(), " blobs has ", history_.size()));
  }
  RETURN_IF_ERROR(LoadWeights(learned_net));
  for (int i = 0; i < state.history_size(); ++i) {
    const absl::Status status = LoadBlob(state.history(i), &history_[i]);
    if (!status.ok()) {
      return StateMismatch(absl::StrCat("does not fit at history ", i, " (",
                                        std::string(status.message()), ")"));
    }
  }
  iter_ = state.iter();
  current_step_ = state.current_step();
  losses_.clear();
  return SkipData();
}

absl::Status Solver::SkipData() {
  RETURN_IF_ERROR(net_->SkipPasses(int64_t{iter_} * param_.iter_size()));
  const int interval = param_.test_interval();
  if (interval <= 0 || iter_ == 0) return absl::OkStatus();
  const int64_t num_tests =
      (iter_ - 1) / interval + (param_.test_initialization() ? 1 : 0);
  for (int i = 0; i < static_cast<int>(test_nets_.size()); ++i) {
    RETURN_IF_ERROR(test_nets_[i]->SkipPasses(num_tests * param_.test_iter(i)));
  }
  return absl::OkStatus();
}

double Solver::loss() const {
  double sum = 0;
  for (double loss : losses_) sum += loss;
  return losses_.empty() ? 0 : sum / static_cast<double>(losses_.size());
}

void Solver::RecordLoss(double loss) {
  losses_.push_back(loss);
  if (losses_.size() > static_cast<size_t>(param_.average_loss())) {
    losses_.pop_front();
  }
}

absl::Status Solver::Step(SolverObserver* observer) {
  net_->ClearParamDiffs();
  double loss = 0;
  for (int i = 0; i < param_.iter_size(); ++i) {
    RETURN_IF_ERROR(net_->Forward(LayerHook(observer)));
    RETURN_IF_ERROR(net_->Backward());
    loss += net_->loss();
  }
  loss /= param_.iter_size();
  if (!std::isfinite(loss)) {
    return Error(absl::StatusCode::kFailedPrecondition, "TRAINING_DIVERGED",
                 absl::StrCat("the loss of iteration ", iter_, " is ", loss,
                              "; use a smaller base_lr, or clip_gradients"),
                 {{"iteration", absl::StrCat(iter_)}});
  }
  RecordLoss(loss);
  rate_ = LearningRate(param_, iter_, &current_step_);
  ClipGradients();
  ApplyUpdate(rate_);
  ++iter_;
  return observer == nullptr
             ? absl::OkStatus()
             : observer->OnIteration(iter_ - 1, this->loss(), rate_);
}

void Solver::ClipGradients() {
  const float limit = param_.clip_gradients();
  if (limit < 0) return;
  double squares = 0;
  for (const Net::Param& learned : net_->params()) {
    for (float value : learned.diff.values()) {
      squares += static_cast<double>(value) * value;
    }
  }
  const auto norm = static_cast<float>(std::sqrt(squares));
  if (norm <= limit) return;
  const float factor = limit / norm;
  for (const Net::Param& learned : net_->params()) {
    Tensor diff = learned.diff;
    for (float& value : diff.values()) value *= factor;
  }
}

void Solver::ApplyUpdate(float rate) {
  const size_t num_params = net_->params().size();
  for (size_t i = 0; i < num_params; ++i) {
    Net::Param learned = net_->params()[i];
    BlobUpdate update;
    update.value = learned.value.values();
    update.diff = learned.diff.values();
    update.history = history_[i].data();
    if (rule_.num_histories > 1) {
      update.history2 = history_[num_params + i].data();
    }
    update.rate = rate * learned.lr_mult;
    update.decay = param_.weight_decay() * learned.decay_mult;
    update.diff_factor = 1.0f / static_cast<float>(param_.iter_size());
    update.l1 = param_.regularization_type() == "L1";
    update.iter = iter_;
    rule_.update(param_, update);
  }
  net_->ParamsChanged();
}

absl::Status Solver::Solve(SolverObserver* observer) {
  SolverObserver nobody;
  if (observer == nullptr) observer = &nobody;
  bool stopped = false;
  while (iter_ < param_.max_iter() && !stopped) {
    if (IsDue(param_.test_interval(), iter_) &&
        (iter_ > 0 || param_.test_initialization())) {
      RETURN_IF_ERROR(RunTests(observer));
    }
    RETURN_IF_ERROR(Step(observer));
    if (IsDue(param_.snapshot(), iter_)) {
      RETURN_IF_ERROR(GiveSnapshot(observer));
    }
    stopped = observer->StopRequested();
  }
  const bool wants_last = stopped || param_.snapshot_after_train();
  if (wants_last && !IsDue(param_.snapshot(), iter_)) {
    RETURN_IF_ERROR(GiveSnapshot(observer));
  }
  if (stopped || !IsDue(param_.test_interval(), iter_)) {
    return absl::OkStatus();
  }
  return RunTests(observer);
}

absl::Status Solver::RunTests(SolverObserver* observer) {
  if (test_nets_.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::vector<SolverTestOutput> outputs, Test(observer));
  return observer->OnTest(iter_, outputs);
}

absl::Status Solver::GiveSnapshot(SolverObserver* observer) {
  ASSIGN_OR_RETURN(SolverSnapshot snapshot, TakeSnapshot());
  return observer->OnSnapshot(std::move(snapshot));
}

absl::StatusOr<std::vector<SolverTestOutput>> Solver::Test(
    SolverObserver* observer) {
  std::vector<SolverTestOutput> outputs;
  for (int i = 0; i < static_cast<int>(test_nets_.size()); ++i) {
    Net& net = *test_nets_[i];
    net.ParamsChanged();
    const size_t first = outputs.size();
    for (int batch = 0; batch < param_.test_iter(i); ++batch) {
      RETURN_IF_ERROR(net.Forward(LayerHook(observer)));
      size_t position = first;
      for (const std::string& name : net.output_names()) {
        ASSIGN_OR_RETURN(const Tensor* blob, net.Blob(name));
        int element = 0;
        for (float value : blob->values()) {
          if (batch == 0) outputs.push_back({i, name, element++, 0});
          // A last batch may be smaller.
          if (position == outputs.size()) break;
          outputs[position++].value += value;
        }
      }
    }
    for (size_t k = first; k < outputs.size(); ++k) {
      outputs[k].value /= param_.test_iter(i);
    }
  }
  return outputs;
}

absl::StatusOr<SolverSnapshot> Solver::TakeSnapshot() {
  const bool h5 = param_.snapshot_format() == caffe::SolverParameter::HDF5;
  const std::string stem =
      absl::StrCat(param_.snapshot_prefix(), "_iter_", iter_);
  SolverSnapshot snapshot;
  snapshot.model_name = absl::StrCat(stem, ".caffemodel", h5 ? ".h5" : "");
  snapshot.state_name = absl::StrCat(stem, ".solverstate", h5 ? ".h5" : "");
  caffe::NetParameter net = TrainedNet(*net_, param_.snapshot_diff());
  if (options_.before_snapshot) options_.before_snapshot(&net);
  ASSIGN_OR_RETURN(snapshot.model,
                   h5 ? SerializeCaffemodelH5(net) : SerializeCaffemodel(net));
  caffe::SolverState state;
  state.set_iter(iter_);
  state.set_learned_net(snapshot.model_name);
  state.set_current_step(current_step_);
  for (const Tensor& history : history_) {
    *state.add_history() = ToBlobProto(history);
  }
  ASSIGN_OR_RETURN(snapshot.state,
                   SerializeSolverState(state, param_.snapshot_format()));
  return snapshot;
}

}  // namespace quantd
