// AMCT's config.json for post-training quantization: what the user chose for
// the whole net and for each layer.
// Not here: reading it (read_quant_config.h), config.json of
// quantization-aware training, what follows for the net's blobs (quant_plan.h).
#ifndef QUANTD_ENGINE_CONFIG_QUANT_CONFIG_H_
#define QUANTD_ENGINE_CONFIG_QUANT_CONFIG_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "engine/config/target.h"
#include "engine/quant/lloyd.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd {

// How the step of one input is searched (IFMR).
struct ActivationQuantParams {
  int num_bits = 8;                  // [8, 16]
  float max_percentile = 0.999999f;  // (0.5, 1]
  float min_percentile = 0.999999f;  // (0.5, 1]
  float search_range_start = 0.7f;   // > 0
  float search_range_end = 1.3f;     // > search_range_start
  float search_step = 0.01f;         // > 0; at most 1e6 steps in the range
  // Overrides QuantConfig::activation_offset.
  std::optional<bool> with_offset;

  friend bool operator==(const ActivationQuantParams& a,
                         const ActivationQuantParams& b);
};

enum class WeightAlgorithm {
  kArq,  // Uniform, 8 bits, one step a channel or a blob.
  kSnq,  // Not uniform, 4 bits, 16 values a channel or a blob.
};

struct WeightQuantParams {
  WeightAlgorithm wts_algo = WeightAlgorithm::kArq;
  bool channel_wise = true;  // False for InnerProduct and recurrent layers.
  int num_bits = 8;          // Of kSnq: 4.
  // Of kSnq.
  int max_iteration = 1000;     // [500, 2000]
  float min_distance = 1e-10f;  // [1e-10, 1e-3], in steps of the scale
  LloydInit init_algo = LloydInit::kUniform;
};

struct LayerQuantConfig {
  std::string name;
  bool quant_enable = true;
  // One per QuantizedBottoms() of the layer, in that order.
  std::vector<ActivationQuantParams> activations;
  // Only for QuantClass::kWeightsAndData.
  std::optional<WeightQuantParams> weights;
};

// How BatchNorm layers are measured again once the weights are quantized.
struct BnUpdateConfig {
  // Of layers that state none themselves, (0, 1).
  float moving_average_fraction = 0.5f;
  int iterations = 30;                   // Forward passes, (0, 1000)
  std::string dump_dir = "tmp/bn_data";  // For the measured blobs.
};

struct QuantConfig {
  Target target = Target::kSs928;  // Not in config.json.
  int version = 1;
  int64_t batch_num = 1;  // Forward passes of calibration, > 0.
  bool activation_offset = true;
  bool do_fusion = true;
  std::vector<std::string> skip_fusion_layers;
  bool update_bn = false;
  BnUpdateConfig bn_update;  // With update_bn.
  // One per layer that the target can quantize, in net order.
  std::vector<LayerQuantConfig> layers;
  // Why layers are off, for the user, where no config.json says so; empty
  // otherwise.
  std::string off_reason;

  // Null if the net has no quantizable layer of this name. Linear.
  const LayerQuantConfig* FindLayer(absl::string_view name) const;
};

// AMCT's defaults for every layer of `net` that `target` can quantize (for
// Ascend: ascend.h). `net`: the upgraded float net of phase TEST, before
// fusion; blobs' values are not read. Errors: INVALID_ARGUMENT for layer names
// that are used twice or equal a key of config.json; FAILED_PRECONDITION,
// NOTHING_QUANTIZED if no layer of `net` can be quantized.
absl::StatusOr<QuantConfig> DefaultQuantConfig(const caffe::NetParameter& net,
                                               Target target = Target::kSs928);

// init_algo as the configuration spells it: "uniform", "gaussian",
// "d2sampling".
absl::string_view InitAlgoName(LloydInit init);

// `config` as AMCT writes it: indent 4, no space after ',' and ':', every
// default spelled out but for update_bn false, layers in net order, floats as
// the shortest text of their float32 value.
std::string QuantConfigToJson(const QuantConfig& config);

}  // namespace quantd

#endif  // QUANTD_ENGINE_CONFIG_QUANT_CONFIG_H_
