#include "engine/config/quant_plan.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status_macros.h"
#include "engine/config/ascend.h"
#include "engine/config/joint_blobs.h"
#include "engine/config/quantizable.h"
#include "engine/model/shared_params.h"

namespace quantd {
namespace {

constexpr int kMaxSafeBits = 12;

// Layers of training and testing, which the SoC never sees.
bool IsMeasurement(absl::string_view type) {
  return type == "Accuracy" || type == "Silence" || type == "HDF5Output" ||
         absl::EndsWith(type, "Loss");
}

// Layers that the SoC computes with integers only.
bool IsCubeType(absl::string_view type) {
  return type == "Convolution" || type == "InnerProduct" ||
         type == "Deconvolution" || type == "Pooling" ||
         type == "DepthwiseConv" || type == "DepthwiseConvolution";
}

// Everything about one layer that the plan looks at.
struct Node {
  const caffe::LayerParameter* layer = nullptr;
  const LayerQuantConfig* config = nullptr;  // Null: not quantizable.
  std::string float_reason;                  // Empty: to be quantized.
  // Parameters of each bottom; null for those without data.
  std::vector<const ActivationQuantParams*> bottoms;

  bool Wants(int bottom) const {
    return float_reason.empty() && bottoms[bottom] != nullptr;
  }
};

class Planner {
 public:
  Planner(const caffe::NetParameter& net, const QuantConfig& config)
      : net_(net), config_(config), shared_params_(SharedParams(net)) {}

  absl::StatusOr<QuantPlan> Plan();

 private:
  absl::Status CheckNet() const;
  // Why `layer` stays float by itself; empty if it does not.
  std::string FloatReason(const caffe::LayerParameter& layer,
                          const LayerQuantConfig& config);
  void MakeNodes();
  void CollectConsumers();
  // The first consumer that keeps `blob` float; null if none does.
  const BlobConsumer* FindRefusing(const std::string& blob);
  // Layers with weights, and for SS928 those that only move data, have all
  // their inputs quantized or none.
  bool WantsAllOrNone(const Node& node) const;
  // Leaves one of these float that cannot have all. True if there was one.
  bool DropOneLayer();
  void PlanBlob(const std::string& blob);
  void PlanLayers();
  void WarnOfOuterSnq();
  void Warn(const std::string& reason, const std::string& message,
            ErrorMetadata metadata);

  const caffe::NetParameter& net_;
  const QuantConfig& config_;
  const absl::flat_hash_set<std::string> shared_params_;
  std::vector<Node> nodes_;
  // Blobs in the order of their first consumers.
  std::vector<std::string> blob_names_;
  absl::flat_hash_map<std::string, std::vector<BlobConsumer>> consumers_;
  // Layers that stay float because of another reader of their input.
  absl::flat_hash_map<std::string, std::string> dragged_;
  QuantPlan plan_;
};

absl::Status Planner::CheckNet() const {
  absl::flat_hash_set<std::string> names;
  for (const caffe::LayerParameter& layer : net_.layer()) {
    if (!names.insert(layer.name()).second) {
      return Error(absl::StatusCode::kInvalidArgument, "LAYER_NAME_NOT_UNIQUE",
                   absl::StrCat("the model has two layers \"", layer.name(),
                                "\"; rename one"),
                   {{"layer", layer.name()}});
    }
    for (const std::string& top : layer.top()) {
      const auto& bottoms = layer.bottom();
      if (std::find(bottoms.begin(), bottoms.end(), top) != bottoms.end()) {
        return Error(
            absl::StatusCode::kInvalidArgument, "MODEL_INVALID",
            absl::StrCat("layer \"", layer.name(), "\" overwrites \"", top,
                         "\" in place; remove in-place layers "
                         "before planning"),
            {{"layer", layer.name()}, {"blob", top}});
      }
    }
  }
  return absl::OkStatus();
}

std::string Planner::FloatReason(const caffe::LayerParameter& layer,
                                 const LayerQuantConfig& config) {
  if (!config.quant_enable) {
    if (!config_.off_reason.empty()) return config_.off_reason;
    return QuantizedByDefault(layer.type())
               ? "switched off in the configuration"
               : absl::StrCat(layer.type(),
                              " is off unless switched on in the "
                              "configuration");
  }
  if (config_.target == Target::kAscend) {
    const std::string refusal = AscendRefusal(layer);
    if (!refusal.empty()) return refusal;
  }
  if (!config.weights) return "";
  const bool recurrent = IsRecurrent(layer.type());
  if (!recurrent && layer.bottom_size() != 1) {
    return "it applies its weights to many inputs";
  }
  if (layer.blobs_size() == 0) return "the caffemodel has no weights for it";
  if (recurrent && layer.blobs_size() != NumRecurrentBlobs(layer)) {
    return absl::StrCat("the caffemodel has ", layer.blobs_size(),
                        " blobs for it, not ", NumRecurrentBlobs(layer));
  }
  const std::string shared = FirstSharedParam(layer, shared_params_);
  if (!shared.empty()) {
    Warn("SHARED_WEIGHTS",
         absl::StrCat("layer \"", layer.name(), "\" shares parameter \"",
                      shared, "\" with another layer and stays float"),
         {{"layer", layer.name()}, {"param", shared}});
    return absl::StrCat("it shares parameter \"", shared,
                        "\" with another layer");
  }
  return "";
}

void Planner::MakeNodes() {
  absl::flat_hash_map<absl::string_view, const LayerQuantConfig*> configs;
  for (const LayerQuantConfig& config : config_.layers) {
    configs[config.name] = &config;
  }
  for (const caffe::LayerParameter& layer : net_.layer()) {
    Node node;
    node.layer = &layer;
    node.bottoms.resize(layer.bottom_size(), nullptr);
    const auto it = configs.find(layer.name());
    if (it == configs.end()) {
      node.float_reason = absl::StrCat(layer.type(), " is never quantized");
    } else {
      node.config = it->second;
      node.float_reason = FloatReason(layer, *node.config);
      const std::vector<int> quantized = QuantizedBottoms(layer);
      const auto& params = node.config->activations;
      for (size_t i = 0; i < quantized.size() && i < params.size(); ++i) {
        node.bottoms[quantized[i]] = &params[i];
      }
    }
    nodes_.push_back(std::move(node));
  }
}

void Planner::CollectConsumers() {
  for (int i = 0; i < net_.layer_size(); ++i) {
    const caffe::LayerParameter& layer = net_.layer(i);
    if (IsMeasurement(layer.type())) continue;
    for (int b = 0; b < layer.bottom_size(); ++b) {
      if (ReadsShapeOnly(layer, b)) continue;
      std::vector<BlobConsumer>& consumers = consumers_[layer.bottom(b)];
      if (consumers.empty()) blob_names_.push_back(layer.bottom(b));
      consumers.push_back({i, layer.name(), b});
    }
  }
}

const BlobConsumer* Planner::FindRefusing(const std::string& blob) {
  for (const BlobConsumer& consumer : consumers_[blob]) {
    if (!nodes_[consumer.layer_index].Wants(consumer.bottom_index)) {
      return &consumer;
    }
  }
  return nullptr;
}

bool Planner::WantsAllOrNone(const Node& node) const {
  if (node.config == nullptr) return false;
  if (node.config->weights) return true;
  return config_.target != Target::kAscend && OnlyMovesData(node.layer->type());
}

bool Planner::DropOneLayer() {
  for (Node& node : nodes_) {
    if (!WantsAllOrNone(node)) continue;
    const auto& blobs = node.layer->bottom();
    std::vector<int> wanted;
    for (int b = 0; b < blobs.size(); ++b) {
      if (node.Wants(b)) wanted.push_back(b);
    }
    if (wanted.size() < 2) continue;  // PlanBlob() leaves it float, if at all.
    for (const int b : wanted) {
      const BlobConsumer* refusing = FindRefusing(blobs[b]);
      if (refusing == nullptr) continue;
      node.float_reason =
          absl::StrCat("its input \"", blobs[b], "\" is also read by \"",
                       refusing->layer, "\", which stays float");
      Warn("CONSUMER_NOT_QUANTIZED",
           absl::StrCat("layer \"", node.layer->name(),
                        "\" stays float: ", node.float_reason),
           {{"blob", blobs[b]},
            {"layer", refusing->layer},
            {"layers", node.layer->name()}});
      return true;
    }
  }
  return false;
}

void Planner::PlanBlob(const std::string& blob) {
  const std::vector<BlobConsumer>& consumers = consumers_[blob];
  std::vector<std::string> willing;
  std::vector<BlobConsumer> quantizing;
  for (const BlobConsumer& consumer : consumers) {
    if (!nodes_[consumer.layer_index].Wants(consumer.bottom_index)) continue;
    willing.push_back(consumer.layer);
    quantizing.push_back(consumer);
  }
  const BlobConsumer* refusing = FindRefusing(blob);
  if (willing.empty()) return;
  // Ascend's Quant layers leave the blob itself to the other readers.
  if (refusing != nullptr && config_.target != Target::kAscend) {
    const std::string names = absl::StrJoin(willing, ", ");
    for (const std::string& layer : willing) {
      dragged_[layer] =
          absl::StrCat("its input \"", blob, "\" is also read by \"",
                       refusing->layer, "\", which stays float");
    }
    Warn("CONSUMER_NOT_QUANTIZED",
         absl::StrCat("blob \"", blob, "\" stays float for ", names,
                      ": all its readers must be quantized or none, and \"",
                      refusing->layer, "\" is not (",
                      nodes_[refusing->layer_index].float_reason, ")"),
         {{"blob", blob}, {"layer", refusing->layer}, {"layers", names}});
    return;
  }
  const auto params_of = [this](const BlobConsumer& consumer) {
    return nodes_[consumer.layer_index].bottoms[consumer.bottom_index];
  };
  QuantizedBlob quantized;
  quantized.blob = blob;
  quantized.consumers = quantizing;
  quantized.params = *params_of(quantizing[0]);
  quantized.with_offset =
      quantized.params.with_offset.value_or(config_.activation_offset);
  for (const BlobConsumer& consumer : quantizing) {
    if (*params_of(consumer) == quantized.params) continue;
    Warn("CONSUMER_PARAMS_DIFFER",
         absl::StrCat("layers \"", quantizing[0].layer, "\" and \"",
                      consumer.layer, "\" read blob \"", blob,
                      "\" with different activation_quant_params; those of \"",
                      quantizing[0].layer, "\" are used"),
         {{"blob", blob}, {"layer", consumer.layer}});
  }
  if (quantized.params.num_bits > kMaxSafeBits) {
    Warn("ACCUMULATOR_OVERFLOW_RISK",
         absl::StrCat("blob \"", blob, "\" is quantized to ",
                      quantized.params.num_bits,
                      " bits; sums may overflow on "
                      "the SoC, 12 are advised"),
         {{"blob", blob}, {"layer", quantizing[0].layer}});
  }
  plan_.blobs.push_back(std::move(quantized));
}

void Planner::PlanLayers() {
  absl::flat_hash_set<int> quantized;
  for (const QuantizedBlob& blob : plan_.blobs) {
    for (const BlobConsumer& consumer : blob.consumers) {
      quantized.insert(consumer.layer_index);
    }
  }
  for (int i = 0; i < net_.layer_size(); ++i) {
    const Node& node = nodes_[i];
    if (node.config == nullptr) continue;
    const std::string& name = node.layer->name();
    if (quantized.contains(i)) {
      if (node.config->weights) {
        plan_.weights.push_back({i, name, *node.config->weights});
      }
      continue;
    }
    const std::string reason =
        node.float_reason.empty() ? dragged_[name] : node.float_reason;
    plan_.floats.push_back({i, name, node.layer->type(), reason});
    if (config_.target == Target::kSs928 && IsCubeType(node.layer->type())) {
      Warn("CUBE_LAYER_FLOAT",
           absl::StrCat("Layer ", name,
                        " must be quantized as it is an "
                        "operation calculated on CUBE; it "
                        "stays float: ",
                        reason),
           {{"layer", name}});
    }
  }
}

void Planner::WarnOfOuterSnq() {
  std::string warned;
  for (size_t i : {size_t{0}, plan_.weights.size() - 1}) {
    if (i >= plan_.weights.size()) continue;
    const WeightLayer& layer = plan_.weights[i];
    if (layer.params.wts_algo != WeightAlgorithm::kSnq) continue;
    if (layer.layer == warned) continue;
    warned = layer.layer;
    Warn("SNQ_OUTER_LAYER",
         absl::StrCat("layer \"", layer.layer, "\" is the ",
                      i == 0 ? "first" : "last",
                      " one with weights; 4 bits there cost much accuracy, "
                      "arq_quantize is advised"),
         {{"layer", layer.layer}});
  }
}

void Planner::Warn(const std::string& reason, const std::string& message,
                   ErrorMetadata metadata) {
  plan_.warnings.push_back({reason, message, std::move(metadata)});
}

absl::StatusOr<QuantPlan> Planner::Plan() {
  RETURN_IF_ERROR(CheckNet());
  MakeNodes();
  CollectConsumers();
  while (DropOneLayer()) {
  }
  for (const std::string& blob : blob_names_) PlanBlob(blob);
  PlanLayers();
  WarnOfOuterSnq();
  return std::move(plan_);
}

}  // namespace

const QuantizedBlob* QuantPlan::FindInput(absl::string_view layer,
                                          int bottom_index) const {
  for (const QuantizedBlob& blob : blobs) {
    for (const BlobConsumer& consumer : blob.consumers) {
      if (consumer.layer == layer && consumer.bottom_index == bottom_index) {
        return &blob;
      }
    }
  }
  return nullptr;
}

const WeightLayer* QuantPlan::FindWeights(absl::string_view layer) const {
  for (const WeightLayer& weight : weights) {
    if (weight.layer == layer) return &weight;
  }
  return nullptr;
}

absl::StatusOr<QuantPlan> MakeQuantPlan(const caffe::NetParameter& net,
                                        const QuantConfig& config) {
  ASSIGN_OR_RETURN(QuantPlan plan, MakeAnyQuantPlan(net, config));
  // For Ascend layers that only move data are never quantized.
  if (config.target == Target::kSs928) JoinBlobs(net, &plan);
  if (!plan.blobs.empty()) return plan;
  return Error(absl::StatusCode::kFailedPrecondition, "NOTHING_QUANTIZED",
               "Except skip_layers, no layer needs to quantize. Switch layers "
               "on by quant_enable in the configuration");
}

absl::StatusOr<QuantPlan> MakeAnyQuantPlan(const caffe::NetParameter& net,
                                           const QuantConfig& config) {
  return Planner(net, config).Plan();
}

}  // namespace quantd
