#include "engine/jobs/calibration/cluster_weights.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "engine/config/scale_record.h"
#include "engine/export/layer_weights.h"
#include "engine/quant/snq.h"

namespace quantd {

absl::StatusOr<ClusteredWeights> ClusterWeights(const WeightQuantParams& params,
                                                absl::Span<const float> scales,
                                                caffe::LayerParameter* layer) {
  ASSIGN_OR_RETURN(const std::vector<double> rows, ChannelRows(*layer));
  const std::vector<float> weights(rows.begin(), rows.end());
  SnqParams snq;
  if (params.channel_wise) {
    ASSIGN_OR_RETURN(const WeightLayout layout, WeightLayoutOf(*layer));
    snq.num_blocks = layout.num_channels();
  }
  snq.init = params.init_algo;
  snq.max_iteration = params.max_iteration;
  // As float32, the limits of the range may lie just outside.
  snq.min_distance =
      std::clamp(static_cast<double>(params.min_distance), 1e-10, 1e-3);
  snq.scales = scales;
  ASSIGN_OR_RETURN(const SnqWeights clusters, SnqSearch(weights, snq));
  ClusteredWeights result;
  for (const SnqBlock& block : clusters.blocks) {
    result.factors.scale.push_back(block.scale);
    result.num_worse_than_uniform += block.worse_than_uniform;
  }
  result.factors.offset.assign(clusters.blocks.size(), 0);
  RETURN_IF_ERROR(StoreChannelRows(SnqFakeWeights(clusters), layer));
  return result;
}

absl::Status ClusterByRecord(const QuantPlan& plan,
                             const amct::ScaleOffsetRecord& record,
                             caffe::NetParameter* net) {
  for (const WeightLayer& weights : plan.weights) {
    if (weights.params.wts_algo != WeightAlgorithm::kSnq) continue;
    const auto& scales = FindLayerRecord(record, weights.layer)->scale_w();
    const auto clustered =
        ClusterWeights(weights.params, {scales.data(), size_t(scales.size())},
                       net->mutable_layer(weights.layer_index));
    if (clustered.ok()) continue;
    return Annotate(clustered.status(),
                    absl::StrCat("layer \"", weights.layer, "\", weights: "),
                    {{"layer", weights.layer}, {"blob", "0"}});
  }
  return absl::OkStatus();
}

}  // namespace quantd
