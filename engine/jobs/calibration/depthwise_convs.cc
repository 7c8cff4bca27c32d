#include "engine/jobs/calibration/depthwise_convs.h"

#include <algorithm>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "base/status_macros.h"
#include "engine/core/net.h"
#include "engine/graph/drop_tail.h"
#include "engine/graph/fusion_chains.h"
#include "engine/graph/graph_view.h"
#include "engine/graph/insert_depthwise_convs.h"
#include "engine/graph/uninplace.h"
#include "engine/layers/registry.h"

namespace quantd {
namespace {

constexpr int kImageAxes = 4;

// Drops the layers of `net` named in `layers` whose input has other than four
// axes, or is not computed in deployment.
absl::Status KeepImages(const caffe::NetParameter& net,
                        const std::vector<InputShape>& inputs,
                        std::set<std::string>* layers) {
  ASSIGN_OR_RETURN(caffe::NetParameter runnable,
                   DropTail(WithInputLayer(net, inputs, 1)));
  Net::Options options;
  options.inference = true;
  for (const caffe::LayerParameter& layer : net.layer()) {
    if (layers->count(layer.name()) > 0 && layer.bottom_size() == 1) {
      options.keep_blobs.insert(layer.bottom(0));
    }
  }
  ASSIGN_OR_RETURN(const auto made,
                   Net::Create(std::move(runnable), options, MakeLayer));
  for (const caffe::LayerParameter& layer : net.layer()) {
    if (layers->count(layer.name()) == 0) continue;
    const auto blob = layer.bottom_size() == 1
                          ? made->Blob(layer.bottom(0))
                          : absl::NotFoundError("several inputs");
    if (!blob.ok() || (*blob)->shape().num_axes() != kImageAxes) {
      layers->erase(layer.name());
    }
  }
  return absl::OkStatus();
}

// The BatchNorm, Scale and Bias layers of `net` to be quantized.
std::set<std::string> SwitchedOn(const QuantConfig& config,
                                 const caffe::NetParameter& net) {
  std::set<std::string> layers;
  for (const caffe::LayerParameter& layer : net.layer()) {
    if (FusionChains::RankOf(layer.type()) == 0) continue;
    const LayerQuantConfig* const found = config.FindLayer(layer.name());
    if (found != nullptr && found->quant_enable) layers.insert(layer.name());
  }
  return layers;
}

bool HasEntry(const amct::ScaleOffsetRecord& record, const std::string& key) {
  return std::any_of(record.record().begin(), record.record().end(),
                     [&key](const auto& entry) { return entry.key() == key; });
}

}  // namespace

bool HasLayersToAccelerate(const QuantConfig& config,
                           const caffe::NetParameter& net) {
  return !config.update_bn && config.target == Target::kSs928 &&
         !SwitchedOn(config, net).empty();
}

absl::StatusOr<QuantConfig> AccelerateEnabled(
    const QuantConfig& config, const std::vector<InputShape>& inputs,
    FusedNet* fused) {
  std::set<std::string> layers = SwitchedOn(config, fused->net);
  RETURN_IF_ERROR(KeepImages(fused->net, inputs, &layers));
  ASSIGN_OR_RETURN(const std::vector<std::string> firsts,
                   InsertDepthwiseConvs(layers, fused));
  QuantConfig accelerated = config;
  for (LayerQuantConfig& layer : accelerated.layers) {
    if (std::find(firsts.begin(), firsts.end(), layer.name) == firsts.end()) {
      continue;
    }
    layer.name = DepthwiseConvName(layer.name);
    layer.weights = WeightQuantParams();
  }
  return accelerated;
}

absl::StatusOr<caffe::NetParameter> AccelerateRecorded(
    caffe::NetParameter net, const amct::ScaleOffsetRecord& record) {
  std::set<std::string> layers;
  FusedNet plain;
  ASSIGN_OR_RETURN(plain.net, Uninplace(net));
  ASSIGN_OR_RETURN(const GraphView view, GraphView::Create(plain.net));
  for (int i = 0; i < plain.net.layer_size(); ++i) {
    const caffe::LayerParameter& first = plain.net.layer(i);
    if (FusionChains::RankOf(first.type()) == 0 ||
        !HasEntry(record, DepthwiseConvName(first.name()))) {
      continue;
    }
    for (int at = i; at >= 0; at = view.SingleConsumer(at)) {
      const caffe::LayerParameter& layer = plain.net.layer(at);
      if (FusionChains::RankOf(layer.type()) == 0 ||
          HasEntry(record, layer.name())) {
        break;
      }
      layers.insert(layer.name());
    }
  }
  if (layers.empty()) return net;
  RETURN_IF_ERROR(InsertDepthwiseConvs(layers, &plain).status());
  return std::move(plain.net);
}

}  // namespace quantd
