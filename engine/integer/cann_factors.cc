#include "engine/integer/cann_factors.h"

#include <cmath>
#include <map>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "engine/export/dequant_layers.h"
#include "engine/layers/quant_params.h"

namespace quantd {
namespace {

absl::Status Invalid(const std::string& layer, const std::string& problem) {
  return Error(absl::StatusCode::kFailedPrecondition, "MODEL_INVALID",
               absl::StrCat("layer \"", layer, "\" ", problem,
                            "; pass the deploy model as it was written"),
               {{"layer", layer}});
}

// A Quant layer that was removed.
struct Quant {
  std::string blob;  // That it read.
  FakeQuantParams params;
};

using Factors = std::vector<DequantFactor>;

absl::StatusOr<Factors> ReadFactors(const caffe::LayerParameter& layer) {
  const caffe::BlobProto& blob = layer.blobs_size() == 1
                                     ? layer.blobs(0)
                                     : caffe::BlobProto::default_instance();
  if (blob.uint64_data_size() == 0) {
    return Error(absl::StatusCode::kFailedPrecondition,
                 "MODEL_WEIGHTS_MISMATCH",
                 absl::StrCat("DeQuant layer \"", layer.name(),
                              "\" must have one blob of uint64_data; pass the "
                              "caffemodel of this deploy model"),
                 {{"layer", layer.name()}, {"blob", "0"}});
  }
  Factors factors;
  for (const uint64_t packed : blob.uint64_data()) {
    factors.push_back(UnpackDequantFactor(packed));
    if (factors.back().offset_w == 0) continue;
    return Error(absl::StatusCode::kUnimplemented, "NETWORK_UNSUPPORTED",
                 absl::StrCat("DeQuant layer \"", layer.name(),
                              "\" has offset_w ", factors.back().offset_w,
                              "; only weights without offset can be run"),
                 {{"layer", layer.name()}, {"field", "offset_w"}});
  }
  return factors;
}

void SetFloatBlobs(const Factors& factors, caffe::LayerParameter* layer) {
  layer->clear_blobs();
  for (int i = 0; i < 3; ++i) {
    layer->add_blobs()->mutable_shape()->add_dim(
        static_cast<int64_t>(factors.size()));
  }
  for (const DequantFactor& factor : factors) {
    layer->mutable_blobs(0)->add_data(factor.scale);
    layer->mutable_blobs(1)->add_data(static_cast<float>(factor.shift_bit));
    layer->mutable_blobs(2)->add_data(0);
  }
}

class Taker {
 public:
  explicit Taker(caffe::NetParameter* net) : net_(net) {}

  absl::StatusOr<std::vector<DeployFactors>> Take();

 private:
  absl::Status TakeQuantLayers();
  absl::Status TakeDequantLayers();
  absl::StatusOr<DeployFactors> FactorsOf(caffe::LayerParameter* layer) const;

  caffe::NetParameter* const net_;
  std::map<std::string, Quant> quants_;      // By top.
  std::map<std::string, Factors> dequants_;  // By bottom.
};

absl::Status Taker::TakeQuantLayers() {
  google::protobuf::RepeatedPtrField<caffe::LayerParameter> layers;
  layers.Swap(net_->mutable_layer());
  for (caffe::LayerParameter& layer : layers) {
    if (layer.type() != "Quant") {
      *net_->add_layer() = std::move(layer);
      continue;
    }
    if (layer.bottom_size() != 1 || layer.top_size() != 1) {
      return Invalid(layer.name(),
                     "of type Quant needs one bottom and one top");
    }
    const FakeQuantParams params = FakeQuantParamsOf(layer.quant_param());
    const absl::Status legal = CheckFakeQuantParams(params);
    if (!legal.ok()) {
      return Invalid(layer.name(), std::string(legal.message()));
    }
    quants_[layer.top(0)] = {layer.bottom(0), params};
  }
  return absl::OkStatus();
}

absl::Status Taker::TakeDequantLayers() {
  for (caffe::LayerParameter& layer : *net_->mutable_layer()) {
    if (layer.type() != "DeQuant" || layer.bottom_size() != 1) continue;
    ASSIGN_OR_RETURN(Factors factors, ReadFactors(layer));
    SetFloatBlobs(factors, &layer);
    dequants_[layer.bottom(0)] = std::move(factors);
  }
  return absl::OkStatus();
}

absl::StatusOr<DeployFactors> Taker::FactorsOf(
    caffe::LayerParameter* layer) const {
  DeployFactors factors;
  for (int i = 0; i < layer->bottom_size(); ++i) {
    const auto quant = quants_.find(layer->bottom(i));
    factors.inputs.emplace_back();
    if (quant == quants_.end()) continue;
    factors.inputs.back() = quant->second.params;
    layer->set_bottom(i, quant->second.blob);
  }
  if (!HasIntegerWeights(*layer)) return factors;
  if (factors.inputs.empty() || !factors.inputs[0]) {
    return Invalid(layer->name(), "has int8 weights, but no Quant in front");
  }
  const auto dequant =
      dequants_.find(layer->top_size() > 0 ? layer->top(0) : "");
  if (dequant == dequants_.end()) {
    return Invalid(layer->name(), "has int8 weights, but no DeQuant behind");
  }
  const float scale_d = factors.inputs[0]->scale;
  for (const DequantFactor& factor : dequant->second) {
    const float scale_w = factor.scale / scale_d;
    if (!(scale_w > 0) || !std::isfinite(scale_w)) {
      return Invalid(layer->name(),
                     absl::StrCat("has a DeQuant scale of ", factor.scale));
    }
    factors.scale_w.push_back(scale_w);
  }
  return factors;
}

absl::StatusOr<std::vector<DeployFactors>> Taker::Take() {
  RETURN_IF_ERROR(TakeQuantLayers());
  RETURN_IF_ERROR(TakeDequantLayers());
  std::vector<DeployFactors> factors;
  for (caffe::LayerParameter& layer : *net_->mutable_layer()) {
    ASSIGN_OR_RETURN(DeployFactors of_layer, FactorsOf(&layer));
    factors.push_back(std::move(of_layer));
  }
  return factors;
}

}  // namespace

bool HasQuantLayers(const caffe::NetParameter& net) {
  for (const caffe::LayerParameter& layer : net.layer()) {
    if (layer.type() == "Quant" || layer.type() == "DeQuant") return true;
  }
  return false;
}

absl::StatusOr<std::vector<DeployFactors>> TakeCannFactors(
    caffe::NetParameter* net) {
  return Taker(net).Take();
}

}  // namespace quantd
