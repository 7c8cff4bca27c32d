#include "engine/simulator/simulator.h"

#include <algorithm>
#include <utility>

#include "base/status_macros.h"
#include "engine/layers/registry.h"
#include "engine/layers/whole_quant.h"

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
    WholeNumberNet* whole) {
  if (param.type() == kWholeQuantType) return MakeWholeQuantLayer(param, phase);
  if (param.type() == kSplitType) {
    return MakeSplitLayer(param, phase, whole->splits[param.name()]);
  }
  if (param.type() == kJoinType) {
    return MakeJoinLayer(param, phase, std::move(whole->joins[param.name()]));
  }
  return MakeLayer(param, phase);
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
  ASSIGN_OR_RETURN(WholeNumberNet whole,
                   SumWholeNumbers(std::move(model), scales, is_observed));
  if (float_sums != nullptr) *float_sums = std::move(whole.float_sums);
  caffe::NetParameter net = std::move(whole.net);
  return Net::Create(
      std::move(net), options,
      [&whole](const caffe::LayerParameter& param, caffe::Phase phase) {
        return MakeSimulatorLayer(param, phase, &whole);
      });
}

}  // namespace quantd
