// From net and config to what is quantized: blobs, weights, and what stays
// float with the reason. The calibration job and all exporters follow it.
// Not here: the factors themselves (proto/amct), the Quant layers
// (engine/graph/insert_quant_layers.h).
#ifndef QUANTD_ENGINE_CONFIG_QUANT_PLAN_H_
#define QUANTD_ENGINE_CONFIG_QUANT_PLAN_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/error.h"
#include "engine/config/quant_config.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd {

// One input of a layer.
struct BlobConsumer {
  int layer_index = 0;  // In the plan's net.
  std::string layer;
  int bottom_index = 0;
};

// A blob that gets one Quant layer, read by all its quantized consumers.
struct QuantizedBlob {
  std::string blob;
  // At least one, in net order.
  std::vector<BlobConsumer> consumers;
  // Of the first consumer.
  ActivationQuantParams params;
  // params.with_offset, or the config's activation_offset.
  bool with_offset = true;
  // The blobs of the plan, in its order, over whose values scale and offset are
  // searched: the same ones for all that must have equal factors
  // (JoinBlobs()). Empty: itself.
  std::vector<std::string> searched = {};
};

// A layer whose blob 0 is quantized; so is its bottom 0, and its bias (blob 1)
// by the product of both steps.
struct WeightLayer {
  int layer_index = 0;
  std::string layer;
  WeightQuantParams params;
};

// A layer of a quantizable type none of whose inputs is quantized.
struct FloatLayer {
  int layer_index = 0;
  std::string layer;
  std::string type;
  std::string reason;  // A sentence for the user, without full stop.
};

// A finding that does not stop the job. `reason` is UPPER_SNAKE and stable.
struct Warning {
  std::string reason;
  std::string message;
  ErrorMetadata metadata;
};

struct QuantPlan {
  // In the order of their first consumers.
  std::vector<QuantizedBlob> blobs;
  // In net order, as are the next two.
  std::vector<WeightLayer> weights;
  std::vector<FloatLayer> floats;
  std::vector<Warning> warnings;

  // Null if the input `bottom_index` of `layer` stays float. Linear.
  const QuantizedBlob* FindInput(absl::string_view layer,
                                 int bottom_index) const;
  // Null if the weights of `layer` stay float. Linear.
  const WeightLayer* FindWeights(absl::string_view layer) const;
};

// Plans the quantization of `net`, which is fused and free of in-place layers.
// Config entries of layers that fusion removed are ignored.
//
// All consumers of a blob must agree, or the SoC's compiler stops: a blob is
// quantized for all its consumers or for none. Where one is switched off, the
// others stay float with a warning (CONSUMER_NOT_QUANTIZED); where their
// parameters differ, the first consumer's hold with a warning
// (CONSUMER_PARAMS_DIFFER). Accuracy, loss and Silence layers are no consumers
// in this sense, nor are layers that read a shape (ReadsShapeOnly()). A
// recurrent layer, and one that only moves data (OnlyMovesData()), has all its
// inputs quantized or none of them (CONSUMER_NOT_QUANTIZED). Layers that share
// weights (param.name used twice) stay float (SHARED_WEIGHTS). Convolution,
// InnerProduct, Deconvolution and Pooling left float are warned of
// (CUBE_LAYER_FLOAT), and so are more than 12 bits (ACCUMULATOR_OVERFLOW_RISK)
// and SNQ in the first or the last layer with weights (SNQ_OUTER_LAYER).
//
// The inputs and outputs of layers that only move data get equal factors
// (joint_blobs.h).
//
// For Ascend a blob is quantized for those consumers that are switched on, and
// stays float for the others: its Quant layers are in the deploy model. There
// is no CUBE_LAYER_FLOAT.
//
// Errors: INVALID_ARGUMENT for in-place layers and repeated layer names;
// FAILED_PRECONDITION, NOTHING_QUANTIZED if no blob is left.
absl::StatusOr<QuantPlan> MakeQuantPlan(const caffe::NetParameter& net,
                                        const QuantConfig& config);

// As MakeQuantPlan(), for factors that are at hand: nothing is joined, and a
// plan without blobs is no error.
absl::StatusOr<QuantPlan> MakeAnyQuantPlan(const caffe::NetParameter& net,
                                           const QuantConfig& config);

}  // namespace quantd

#endif  // QUANTD_ENGINE_CONFIG_QUANT_PLAN_H_
