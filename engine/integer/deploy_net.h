// A deploy model that runs: integer layers where the weights are integers,
// float layers on quantized inputs elsewhere.
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
#include "engine/integer/quantized_input.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd {

// Ownership: owns the net; Input and IntegerLayer live as long.
// Threads: compatible, not safe.
class DeployNet {
 public:
  // A quantized bottom.
  struct Input {
    std::string layer;
    int bottom = 0;
    QuantizedInput* quantized = nullptr;
  };

  // `model` is a deploy model without in-place layers whose inputs are Input
  // layers; `factors` are those of its layers (DeployFactorsOf()). Layers with
  // int8 weights of types that have no integer form (LSTM and its kind) run in
  // float with what the integers stand for.
  // Errors: those of Net::Create() and ReadIntegerWeights().
  static absl::StatusOr<std::unique_ptr<DeployNet>> Create(
      caffe::NetParameter model, const std::vector<DeployFactors>& factors,
      const Net::Options& options);

  Net& net() { return *net_; }
  // In net order.
  const std::vector<Input>& inputs() const { return inputs_; }
  // The layers that compute with integers, in net order.
  const std::vector<const IntegerLayer*>& integer_layers() const {
    return integer_layers_;
  }

 private:
  DeployNet() = default;

  std::unique_ptr<Net> net_;
  std::vector<Input> inputs_;
  std::vector<const IntegerLayer*> integer_layers_;
};

}  // namespace quantd

#endif  // QUANTD_ENGINE_INTEGER_DEPLOY_NET_H_
