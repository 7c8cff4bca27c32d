// A deploy model that runs: with integers where the weights are integers, float
// layers on quantized inputs elsewhere.
// Not here: comparing it with the fake-quant model (engine/jobs/verify.h).
#ifndef QUANTD_ENGINE_INTEGER_DEPLOY_NET_H_
#define QUANTD_ENGINE_INTEGER_DEPLOY_NET_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "engine/core/net.h"
#include "engine/integer/deploy_factors.h"
#include "engine/integer/integer_layer.h"
#include "engine/integer/integer_recurrent.h"
#include "engine/integer/quantized_input.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd {

// Ownership: owns the net; what is handed out lives as long.
// Threads: compatible, not safe.
class DeployNet {
 public:
  // Stands for a bottom in Input: the states of a recurrent layer.
  static constexpr int kStates = -1;

  // A quantized bottom.
  struct Input {
    std::string layer;
    int bottom = 0;
    QuantizedInput* quantized = nullptr;
  };
  struct RecurrentSums {
    std::string layer;
    const IntegerRecurrentProducts* products = nullptr;
  };
  // What each recurrent layer hands on from pass to pass.
  using CarriedStates = std::vector<std::vector<float>>;

  // `model` is a deploy model without in-place layers whose inputs are Input
  // layers; `factors` are those of its layers (DeployFactorsOf()). Layers with
  // int8 weights compute with integers.
  // Errors: those of Net::Create(), ReadIntegerWeights() and
  // IntegerRecurrentProducts::Create(); UNIMPLEMENTED, NETWORK_UNSUPPORTED for
  // int8 weights of a layer type that has none.
  static absl::StatusOr<std::unique_ptr<DeployNet>> Create(
      caffe::NetParameter model, const std::vector<DeployFactors>& factors,
      const Net::Options& options);

  Net& net() { return *net_; }
  // In net order.
  const std::vector<Input>& inputs() const { return inputs_; }
  // The layers that compute with integers, in net order: first those of one
  // sum, then recurrent ones.
  const std::vector<const IntegerLayer*>& integer_layers() const {
    return integer_layers_;
  }
  const std::vector<RecurrentSums>& recurrent_layers() const {
    return recurrent_layers_;
  }

  // Of all recurrent layers, also float ones.
  CarriedStates carried_states() const;
  // The next pass starts with `states`, of carried_states() at some time; with
  // zeros where there are none, or of another number of sequences.
  void SetCarriedStates(const CarriedStates& states);

 private:
  DeployNet() = default;

  void AddRecurrent(std::unique_ptr<IntegerRecurrentProducts> products,
                    Layer* layer);
  // In net order.
  std::vector<Tensor*> CarriedTensors() const;

  std::unique_ptr<Net> net_;
  std::vector<Input> inputs_;
  std::vector<const IntegerLayer*> integer_layers_;
  std::vector<RecurrentSums> recurrent_layers_;
};

}  // namespace quantd

#endif  // QUANTD_ENGINE_INTEGER_DEPLOY_NET_H_
