#include "engine/integer/deploy_net.h"

#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/integer/integer_weights.h"
#include "engine/layers/registry.h"

namespace quantd {
namespace {

constexpr char kQuantizeType[] = "IntegerQuantize";

// What the layers of a prepared model are made of, by their names.
struct Parts {
  struct Quantize {
    std::string layer;  // Whose bottom it quantizes.
    int bottom = 0;
    FakeQuantParams params;
  };
  struct Integer {
    DeployFactors factors;
    IntegerWeights weights;
  };

  std::map<std::string, Quantize> quantize;
  std::map<std::string, Integer> integer;
};

// Adds the layer that quantizes bottom `index` of `layer` to `model`, and lets
// `layer` read it.
void AddQuantize(int index, const FakeQuantParams& params,
                 caffe::LayerParameter* layer, caffe::NetParameter* model,
                 Parts* parts) {
  caffe::LayerParameter* quantize = model->add_layer();
  quantize->set_name(absl::StrCat(layer->name(), "_", index, "_integer_input"));
  quantize->set_type(kQuantizeType);
  quantize->add_bottom(layer->bottom(index));
  quantize->add_top(quantize->name());
  layer->set_bottom(index, quantize->name());
  parts->quantize[quantize->name()] = {layer->name(), index, params};
}

// `model` with layers that quantize, and without the blobs of integer layers.
absl::StatusOr<caffe::NetParameter> Prepare(
    caffe::NetParameter model, const std::vector<DeployFactors>& factors,
    Parts* parts) {
  google::protobuf::RepeatedPtrField<caffe::LayerParameter> layers;
  layers.Swap(model.mutable_layer());
  for (int i = 0; i < layers.size(); ++i) {
    caffe::LayerParameter* layer = layers.Mutable(i);
    const DeployFactors& of_layer = factors[i];
    const bool integer =
        HasIntegerWeights(*layer) && RunsInIntegers(layer->type());
    if (integer) {
      ASSIGN_OR_RETURN(IntegerWeights weights,
                       ReadIntegerWeights(*layer, of_layer));
      layer->clear_blobs();
      layer->clear_param();  // Rates of blobs.
      parts->integer[layer->name()] = {of_layer, std::move(weights)};
    } else {
      for (size_t k = 0; k < of_layer.inputs.size(); ++k) {
        if (!of_layer.inputs[k]) continue;
        AddQuantize(static_cast<int>(k), *of_layer.inputs[k], layer, &model,
                    parts);
      }
      if (HasIntegerWeights(*layer)) {
        RETURN_IF_ERROR(MakeFloatWeights(of_layer, layer));
      }
    }
    *model.add_layer() = std::move(*layer);
  }
  return model;
}

}  // namespace

absl::StatusOr<std::unique_ptr<DeployNet>> DeployNet::Create(
    caffe::NetParameter model, const std::vector<DeployFactors>& factors,
    const Net::Options& options) {
  Parts parts;
  ASSIGN_OR_RETURN(caffe::NetParameter prepared,
                   Prepare(std::move(model), factors, &parts));
  std::unique_ptr<DeployNet> deploy(new DeployNet);
  const auto make =
      [&](const caffe::LayerParameter& param,
          caffe::Phase phase) -> absl::StatusOr<std::unique_ptr<Layer>> {
    if (const auto quantize = parts.quantize.find(param.name());
        quantize != parts.quantize.end()) {
      const Parts::Quantize& part = quantize->second;
      auto layer =
          std::make_unique<IntegerQuantizeLayer>(param, phase, part.params);
      deploy->inputs_.push_back({part.layer, part.bottom, layer->input()});
      return layer;
    }
    const auto integer = parts.integer.find(param.name());
    if (integer == parts.integer.end()) return MakeLayer(param, phase);
    auto layer = MakeIntegerLayer(param, phase, integer->second.factors,
                                  std::move(integer->second.weights));
    deploy->inputs_.push_back({param.name(), 0, layer->input()});
    deploy->integer_layers_.push_back(layer.get());
    return layer;
  };
  ASSIGN_OR_RETURN(deploy->net_,
                   Net::Create(std::move(prepared), options, make));
  return deploy;
}

}  // namespace quantd
