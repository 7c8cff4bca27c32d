#include "engine/simulator/recurrent_layers.h"

#include <utility>

#include "absl/types/optional.h"
#include "base/status_macros.h"
#include "engine/config/quantizable.h"
#include "engine/graph/graph_view.h"
#include "engine/layers/quant_params.h"
#include "engine/model/shared_params.h"

namespace quantd {
namespace {

// The factors of the Quant layer that writes bottom `bottom` of layer `index`.
absl::optional<FakeQuantParams> QuantBefore(const caffe::NetParameter& net,
                                            const GraphView& view, int index,
                                            int bottom) {
  const int producer = view.blob(view.bottoms(index)[bottom]).producer;
  if (net.layer(producer).type() != "Quant") return absl::nullopt;
  const FakeQuantParams params =
      FakeQuantParamsOf(net.layer(producer).quant_param());
  if (!CheckFakeQuantParams(params).ok()) return absl::nullopt;
  return params;
}

}  // namespace

absl::StatusOr<WholeRecurrentLayers> TakeWholeRecurrent(
    const KnownScales& scales, caffe::NetParameter* net) {
  ASSIGN_OR_RETURN(const GraphView view, GraphView::Create(*net));
  const auto shared_params = SharedParams(*net);
  WholeRecurrentLayers result;
  for (int i = 0; i < net->layer_size(); ++i) {
    caffe::LayerParameter* layer = net->mutable_layer(i);
    if (!IsRecurrent(layer->type()) || layer->bottom_size() < 2) continue;
    const auto x = QuantBefore(*net, view, i, 0);
    if (!x) continue;
    RecurrentInputs inputs = {*x, absl::nullopt};
    const bool has_static = QuantizedBottoms(*layer).size() > 1;
    if (has_static) inputs.static_input = QuantBefore(*net, view, i, 2);
    absl::optional<WholeRecurrentWeights> weights;
    if (has_static == inputs.static_input.has_value() &&
        FirstSharedParam(*layer, shared_params).empty()) {
      const auto known = scales.find(layer->name());
      weights = FindWholeRecurrent(
          *layer, inputs,
          known == scales.end() ? std::vector<float>() : known->second);
    }
    if (!weights || !weights->is_exact) {
      result.float_sums.push_back(layer->name());
    }
    if (!weights) continue;
    result.products[layer->name()] =
        std::make_unique<WholeRecurrentProducts>(*std::move(weights), inputs);
    layer->clear_blobs();
    layer->clear_param();  // Rates of blobs.
  }
  return result;
}

}  // namespace quantd
