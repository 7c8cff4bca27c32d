#include "engine/simulator/simulator.h"

#include <algorithm>
#include <utility>

#include "base/status_macros.h"
#include "engine/layers/recurrent_layer.h"
#include "engine/layers/registry.h"
#include "engine/layers/whole_quant.h"
#include "engine/simulator/recurrent_layers.h"

namespace quantd {
namespace {

bool HasQuantLayers(const caffe::NetParameter& model) {
  return std::any_of(model.layer().begin(), model.layer().end(),
                     [](const caffe::LayerParameter& layer) {
                       return layer.type() == "Quant";
                     });
}

absl::StatusOr<std::unique_ptr<Layer>> MakeSimulatorLayer(
    const caffe::LayerParameter& param, caffe::Phase phase,
    WholeNumberNet* whole, WholeRecurrentLayers* recurrent) {
  if (param.type() == kWholeQuantType) return MakeWholeQuantLayer(param, phase);
  if (param.type() == kSplitType) {
    return MakeSplitLayer(param, phase, whole->splits[param.name()]);
  }
  if (param.type() == kJoinType) {
    return MakeJoinLayer(param, phase, std::move(whole->joins[param.name()]));
  }
  ASSIGN_OR_RETURN(std::unique_ptr<Layer> layer, MakeLayer(param, phase));
  const auto products = recurrent->products.find(param.name());
  if (products != recurrent->products.end()) {
    dynamic_cast<RecurrentLayer&>(*layer).SetProducts(
        std::move(products->second));
  }
  return layer;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Net>> CreateSimulator(
    caffe::NetParameter model, Net::Options options, const KnownScales& scales,
    std::vector<std::string>* float_sums) {
  if (!HasQuantLayers(model)) {
    return Net::Create(std::move(model), options, MakeLayer);
  }
  options.fast_math = false;
  const auto is_observed = [&options](const std::string& blob) {
    return !options.inference || options.keep_blobs.count(blob) > 0 ||
           options.watch_blobs.count(blob) > 0;
  };
  ASSIGN_OR_RETURN(WholeRecurrentLayers recurrent,
                   TakeWholeRecurrent(scales, &model));
  ASSIGN_OR_RETURN(WholeNumberNet whole,
                   SumWholeNumbers(std::move(model), scales, is_observed));
  if (float_sums != nullptr) {
    *float_sums = std::move(whole.float_sums);
    float_sums->insert(float_sums->end(), recurrent.float_sums.begin(),
                       recurrent.float_sums.end());
  }
  caffe::NetParameter net = std::move(whole.net);
  return Net::Create(
      std::move(net), options,
      [&](const caffe::LayerParameter& param, caffe::Phase phase) {
        return MakeSimulatorLayer(param, phase, &whole, &recurrent);
      });
}

}  // namespace quantd
