#include "engine/jobs/calibration/weight_factors.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "engine/config/quantizable.h"
#include "engine/export/layer_weights.h"
#include "engine/jobs/calibration/cluster_weights.h"
#include "proto/amct/scale_offset_record.pb.h"

namespace quantd {
namespace {

absl::Status Annotated(const absl::Status& status, const std::string& layer) {
  return Annotate(status, absl::StrCat("layer \"", layer, "\", weights: "),
                  {{"layer", layer}, {"blob", "0"}});
}

// The factors of all weight blobs, in blob order.
absl::StatusOr<WeightFactors> FactorsOf(const caffe::LayerParameter& layer,
                                        const WeightQuantParams& quant) {
  ArqParams params;
  params.num_bits = quant.num_bits;
  params.channel_wise = quant.channel_wise;
  if (quant.channel_wise) {
    ASSIGN_OR_RETURN(const WeightLayout layout, WeightLayoutOf(layer));
    params.num_scales = layout.num_channels();
  }
  WeightFactors all;
  std::vector<int> blobs = WeightBlobs(layer);
  if (blobs.empty()) blobs = {0};  // The error is ChannelRows().
  for (const int blob : blobs) {
    // AMCT's tool passes weights as double.
    ASSIGN_OR_RETURN(const std::vector<double> weights,
                     ChannelRows(layer, blob));
    const auto factors = ArqSearch<double>(weights, params);
    if (!factors.ok()) {
      return Annotate(factors.status(),
                      blob == 0 ? "" : absl::StrCat("blob ", blob, ": "),
                      {{"blob", absl::StrCat(blob)}});
    }
    all.scale.insert(all.scale.end(), factors->scale.begin(),
                     factors->scale.end());
    all.offset.insert(all.offset.end(), factors->offset.begin(),
                      factors->offset.end());
  }
  return all;
}

absl::StatusOr<WeightFactors> SnqFactorsOf(const WeightQuantParams& quant,
                                           caffe::LayerParameter* layer,
                                           std::vector<Warning>* warnings) {
  ASSIGN_OR_RETURN(ClusteredWeights clustered,
                   ClusterWeights(quant, {}, layer));
  if (clustered.num_worse_than_uniform > 0) {
    const std::string channels = absl::StrCat(clustered.num_worse_than_uniform);
    warnings->push_back(
        {"SNQ_WORSE_THAN_UNIFORM",
         absl::StrCat("layer \"", layer->name(), "\": for ", channels, " of ",
                      clustered.factors.scale.size(),
                      " blocks of its weights uniform 4-bit values would have "
                      "a smaller error; arq_quantize suits it better"),
         {{"layer", layer->name()}, {"found", channels}}});
  }
  return std::move(clustered.factors);
}

absl::Status FakeQuantizeLayer(const WeightFactors& factors,
                               caffe::LayerParameter* layer) {
  amct::SingleLayerRecord record;
  record.mutable_scale_w()->Assign(factors.scale.begin(), factors.scale.end());
  return RoundWeights(record, layer);
}

}  // namespace

absl::StatusOr<std::vector<WeightFactors>> FindWeightFactors(
    const QuantPlan& plan, caffe::NetParameter* net,
    std::vector<Warning>* warnings) {
  std::vector<WeightFactors> result;
  for (const WeightLayer& weights : plan.weights) {
    caffe::LayerParameter* layer = net->mutable_layer(weights.layer_index);
    auto factors = weights.params.wts_algo == WeightAlgorithm::kSnq
                       ? SnqFactorsOf(weights.params, layer, warnings)
                       : FactorsOf(*layer, weights.params);
    if (!factors.ok()) return Annotated(factors.status(), weights.layer);
    result.push_back(*std::move(factors));
  }
  return result;
}

absl::Status FakeQuantizeNet(const QuantPlan& plan,
                             const std::vector<WeightFactors>& factors,
                             caffe::NetParameter* net) {
  for (size_t i = 0; i < plan.weights.size(); ++i) {
    const WeightLayer& weights = plan.weights[i];
    const absl::Status status =
        FakeQuantizeLayer(factors[i], net->mutable_layer(weights.layer_index));
    if (!status.ok()) return Annotated(status, weights.layer);
  }
  return absl::OkStatus();
}

}  // namespace quantd
