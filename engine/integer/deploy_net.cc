#include "engine/integer/deploy_net.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "engine/config/quantizable.h"
#include "engine/integer/integer_weights.h"
#include "engine/layers/recurrent_layer.h"
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
  std::map<std::string, std::unique_ptr<IntegerRecurrentProducts>> recurrent;
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

// True if the layer itself quantizes bottom `index`.
bool QuantizesBottom(const caffe::LayerParameter& layer, int index) {
  if (!HasIntegerWeights(layer)) return false;
  if (!IsRecurrent(layer.type())) return true;
  const std::vector<int> bottoms = QuantizedBottoms(layer);
  return std::find(bottoms.begin(), bottoms.end(), index) != bottoms.end();
}

// Takes the blobs of `layer` away.
absl::Status TakeIntegers(const DeployFactors& factors,
                          caffe::LayerParameter* layer, Parts* parts) {
  if (IsRecurrent(layer->type())) {
    ASSIGN_OR_RETURN(parts->recurrent[layer->name()],
                     IntegerRecurrentProducts::Create(*layer, factors));
  } else if (RunsInIntegers(layer->type())) {
    ASSIGN_OR_RETURN(IntegerWeights weights,
                     ReadIntegerWeights(*layer, factors));
    parts->integer[layer->name()] = {factors, std::move(weights)};
  } else {
    return Error(
        absl::StatusCode::kUnimplemented, "NETWORK_UNSUPPORTED",
        absl::StrCat("layer \"", layer->name(), "\": layers of type ",
                     layer->type(), " do not compute with int8 weights"),
        {{"layer", layer->name()}, {"type", layer->type()}});
  }
  layer->clear_blobs();
  layer->clear_param();  // Rates of blobs.
  return absl::OkStatus();
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
    for (int k = 0; k < static_cast<int>(of_layer.inputs.size()); ++k) {
      if (!of_layer.inputs[k] || QuantizesBottom(*layer, k)) continue;
      AddQuantize(k, *of_layer.inputs[k], layer, &model, parts);
    }
    if (HasIntegerWeights(*layer)) {
      RETURN_IF_ERROR(TakeIntegers(of_layer, layer, parts));
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
    if (const auto integer = parts.integer.find(param.name());
        integer != parts.integer.end()) {
      auto layer = MakeIntegerLayer(param, phase, integer->second.factors,
                                    std::move(integer->second.weights));
      deploy->inputs_.push_back({param.name(), 0, layer->input()});
      deploy->integer_layers_.push_back(layer.get());
      return layer;
    }
    ASSIGN_OR_RETURN(std::unique_ptr<Layer> layer, MakeLayer(param, phase));
    if (const auto recurrent = parts.recurrent.find(param.name());
        recurrent != parts.recurrent.end()) {
      deploy->AddRecurrent(std::move(recurrent->second), layer.get());
    }
    return layer;
  };
  ASSIGN_OR_RETURN(deploy->net_,
                   Net::Create(std::move(prepared), options, make));
  return deploy;
}

void DeployNet::AddRecurrent(std::unique_ptr<IntegerRecurrentProducts> products,
                             Layer* layer) {
  const std::string& name = layer->name();
  inputs_.push_back({name, 0, products->x()});
  if (products->static_input() != nullptr) {
    inputs_.push_back({name, 2, products->static_input()});
  }
  inputs_.push_back({name, kStates, products->states()});
  recurrent_layers_.push_back({name, products.get()});
  dynamic_cast<RecurrentLayer&>(*layer).SetProducts(std::move(products));
}

std::vector<Tensor*> DeployNet::CarriedTensors() const {
  std::vector<Tensor*> tensors;
  for (int i = 0; i < net_->num_layers(); ++i) {
    auto* layer = dynamic_cast<RecurrentLayer*>(&net_->mutable_layer(i));
    if (layer == nullptr) continue;
    for (Tensor& state : layer->carried_states()) tensors.push_back(&state);
  }
  return tensors;
}

DeployNet::CarriedStates DeployNet::carried_states() const {
  CarriedStates states;
  for (const Tensor* tensor : CarriedTensors()) {
    states.emplace_back(tensor->values().begin(), tensor->values().end());
  }
  return states;
}

void DeployNet::SetCarriedStates(const CarriedStates& states) {
  const std::vector<Tensor*> tensors = CarriedTensors();
  for (size_t i = 0; i < tensors.size(); ++i) {
    absl::Span<float> values = tensors[i]->values();
    if (i < states.size() && values.size() == states[i].size()) {
      std::copy(states[i].begin(), states[i].end(), values.begin());
    } else {
      std::fill(values.begin(), values.end(), 0.0f);
    }
  }
}

}  // namespace quantd
