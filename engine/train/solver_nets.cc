#include "engine/train/solver_nets.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "engine/model/load_model.h"
#include "engine/model/phase_filter.h"
#include "engine/model/prototxt.h"
#include "engine/model/upgrade.h"

namespace quantd {
namespace {

absl::StatusOr<caffe::NetParameter> Select(caffe::NetParameter net,
                                           caffe::Phase phase,
                                           const caffe::NetState* own_state) {
  RETURN_IF_ERROR(UpgradeNet(&net));
  caffe::NetState state;
  state.set_phase(phase);
  state.MergeFrom(net.state());
  if (own_state != nullptr) state.MergeFrom(*own_state);
  state.set_phase(own_state != nullptr && own_state->has_phase()
                      ? own_state->phase()
                      : phase);
  ASSIGN_OR_RETURN(net, FilterNet(std::move(net), state));
  if (net.layer_size() > 0 && net.layer_size() <= kMaxLayers) return net;
  return Error(absl::StatusCode::kInvalidArgument, "MODEL_INVALID",
               absl::StrCat("the network has ", net.layer_size(),
                            " layers in phase ", caffe::Phase_Name(phase),
                            "; 1 to ", kMaxLayers, " are allowed"));
}

absl::StatusOr<caffe::NetParameter> ReadNet(const std::string& path,
                                            const ReadNetText& read) {
  ASSIGN_OR_RETURN(const std::string text, read(path));
  return ParseNetPrototxt(text, path);
}

absl::StatusOr<caffe::NetParameter> TrainNet(
    const caffe::SolverParameter& solver, const ReadNetText& read) {
  if (solver.has_net_param()) return solver.net_param();
  if (solver.has_train_net_param()) return solver.train_net_param();
  return ReadNet(solver.has_net() ? solver.net() : solver.train_net(), read);
}

// Test net `index`, before its state.
absl::StatusOr<caffe::NetParameter> TestNet(
    const caffe::SolverParameter& solver, int index,
    const caffe::NetParameter& common, const ReadNetText& read) {
  if (index < solver.test_net_param_size()) return solver.test_net_param(index);
  index -= solver.test_net_param_size();
  if (index < solver.test_net_size()) {
    return ReadNet(solver.test_net(index), read);
  }
  return common;
}

}  // namespace

absl::StatusOr<SolverNets> LoadSolverNets(const caffe::SolverParameter& solver,
                                          const ReadNetText& read) {
  SolverNets nets;
  ASSIGN_OR_RETURN(const caffe::NetParameter train, TrainNet(solver, read));
  ASSIGN_OR_RETURN(
      nets.train,
      Select(train, caffe::TRAIN,
             solver.has_train_state() ? &solver.train_state() : nullptr));
  for (int i = 0; i < solver.test_iter_size(); ++i) {
    ASSIGN_OR_RETURN(caffe::NetParameter test, TestNet(solver, i, train, read));
    ASSIGN_OR_RETURN(
        test,
        Select(std::move(test), caffe::TEST,
               i < solver.test_state_size() ? &solver.test_state(i) : nullptr));
    nets.tests.push_back(std::move(test));
  }
  return nets;
}

}  // namespace quantd
