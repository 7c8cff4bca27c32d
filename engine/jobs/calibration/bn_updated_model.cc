#include "engine/jobs/calibration/bn_updated_model.h"

#include <cmath>
#include <map>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "engine/config/quantizable.h"
#include "engine/jobs/calibration/fusion_check.h"
#include "engine/jobs/calibration/weight_factors.h"
#include "engine/quant/process_scale.h"

namespace quantd {
namespace {

// The weight layers of `plan`, with their places in `net`, which has other
// layers besides.
QuantPlan WeightsIn(const caffe::NetParameter& net, const QuantPlan& plan) {
  std::map<std::string, int> index;
  for (int i = 0; i < net.layer_size(); ++i) index[net.layer(i).name()] = i;
  QuantPlan result;
  result.weights = plan.weights;
  for (WeightLayer& layer : result.weights) {
    layer.layer_index = index.at(layer.layer);
  }
  return result;
}

absl::Status ScaleTooLarge(const std::string& layer, int64_t channel,
                           float scale) {
  return Error(absl::StatusCode::kFailedPrecondition, "SCALE_OUT_OF_RANGE",
               absl::StrCat("layer \"", layer, "\", channel ", channel,
                            ": fusion makes the step of its weights ", scale,
                            "; the largest is ", kMaxScale,
                            ". Check its BatchNorm, or name it in "
                            "skip_fusion_layers"),
               {{"layer", layer},
                {"channel", absl::StrCat(channel)},
                {"value", absl::StrCat(scale)}});
}

// The steps of `layer` once fusion has multiplied its channels by `gains`.
absl::StatusOr<WeightFactors> Fused(const std::string& layer,
                                    const WeightFactors& factors,
                                    const std::vector<float>& gains) {
  WeightFactors result;
  for (size_t c = 0; c < gains.size(); ++c) {
    float scale =
        factors.scale[factors.scale.size() == 1 ? 0 : c] * std::abs(gains[c]);
    if (!(scale <= kMaxScale)) {
      return ScaleTooLarge(layer, static_cast<int64_t>(c), scale);
    }
    if (scale < kMinScale) scale = 1;
    result.scale.push_back(scale);
  }
  result.offset.assign(gains.size(), 0);
  return result;
}

// True if the weights, one step for all, cannot follow gains by channel.
bool IsQuantizedAgain(const std::string& type, const std::string& layer,
                      const FusionReport& report) {
  return report.gains.count(layer) > 0 && !AllowsChannelWise(type);
}

// `net` with the floats of the model where weights are quantized again.
caffe::NetParameter Unfused(caffe::NetParameter net,
                            const QuantizedModel& model,
                            const QuantPlan& unfused_plan) {
  for (const WeightLayer& weights : unfused_plan.weights) {
    caffe::LayerParameter* layer = net.mutable_layer(weights.layer_index);
    if (!IsQuantizedAgain(layer->type(), layer->name(), model.fused.report)) {
      continue;
    }
    *layer->mutable_blobs(0) =
        model.original.layer(weights.layer_index).blobs(0);
  }
  return net;
}

absl::Status FindFusedWeights(const QuantPlan& plan, BnUpdatedModel* result) {
  for (size_t i = 0; i < plan.weights.size(); ++i) {
    const WeightLayer& weights = plan.weights[i];
    const std::string& type =
        result->fused.net.layer(weights.layer_index).type();
    const auto gains = result->fused.report.gains.find(weights.layer);
    if (gains == result->fused.report.gains.end()) {
      result->weights.push_back(result->unfused_weights[i]);
      continue;
    }
    if (!IsQuantizedAgain(type, weights.layer, result->fused.report)) {
      ASSIGN_OR_RETURN(
          WeightFactors factors,
          Fused(weights.layer, result->unfused_weights[i], gains->second));
      result->weights.push_back(std::move(factors));
      continue;
    }
    QuantPlan one;
    one.weights = {weights};
    ASSIGN_OR_RETURN(
        std::vector<WeightFactors> factors,
        FindWeightFactors(one, &result->fused.net, &result->warnings));
    result->weights.push_back(std::move(factors[0]));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<BnUpdatedModel> QuantizeWithBnUpdate(const QuantizedModel& model,
                                                    const QuantConfig& config,
                                                    const NetworkFeed& feed,
                                                    const CalibrationData& data,
                                                    PhaseTracker* tracker) {
  BnUpdatedModel result;
  result.unfused = model.original;
  result.unfused_plan = WeightsIn(model.original, model.plan);
  const QuantPlan& unfused_plan = result.unfused_plan;
  ASSIGN_OR_RETURN(
      result.unfused_weights,
      FindWeightFactors(unfused_plan, &result.unfused, &result.warnings));
  RETURN_IF_ERROR(
      FakeQuantizeNet(unfused_plan, result.unfused_weights, &result.unfused));
  RETURN_IF_ERROR(UpdateBatchNorm(model.original, config.bn_update, feed, data,
                                  tracker, &result.unfused));
  tracker->Begin("TRANSFORM");
  const caffe::NetParameter unfused =
      Unfused(result.unfused, model, unfused_plan);
  ASSIGN_OR_RETURN(result.fused,
                   FuseBatchNorm(unfused, FusionOptionsOf(config)));
  RETURN_IF_ERROR(CheckFusion(unfused, result.fused, feed, data.lmdb_path));
  RETURN_IF_ERROR(FindFusedWeights(model.plan, &result));
  return result;
}

}  // namespace quantd
