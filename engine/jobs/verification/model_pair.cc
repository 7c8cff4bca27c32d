#include "engine/jobs/verification/model_pair.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "engine/config/quantizable.h"
#include "engine/core/blob_proto.h"
#include "engine/export/layer_weights.h"
#include "engine/integer/integer_weights.h"

namespace quantd {
namespace {

using LayersByName = std::map<std::string, const caffe::LayerParameter*>;

absl::Status NotComparable(const std::string& layer, const std::string& field,
                           const std::string& problem) {
  return Error(absl::StatusCode::kFailedPrecondition, "MODELS_NOT_COMPARABLE",
               absl::StrCat("layer \"", layer, "\": ", problem,
                            "; give the deploy and the fake-quant model of one "
                            "job"),
               {{"layer", layer}, {"field", field}});
}

LayersByName ByName(const caffe::NetParameter& net) {
  LayersByName layers;
  for (const caffe::LayerParameter& layer : net.layer()) {
    layers[layer.name()] = &layer;
  }
  return layers;
}

// Every layer but Quant is in both models, of the same type and inputs.
absl::Status CheckSameLayers(const LayersByName& deploy,
                             const LayersByName& fake) {
  for (const auto& [name, layer] : fake) {
    if (layer->type() == "Quant" || deploy.count(name) > 0) continue;
    return NotComparable(name, "name",
                         "is in the fake-quant model, but not in the deploy "
                         "model");
  }
  for (const auto& [name, layer] : deploy) {
    const auto other = fake.find(name);
    if (other == fake.end()) {
      return NotComparable(name, "name",
                           "is in the deploy model, but not in the fake-quant "
                           "model");
    }
    if (other->second->type() != layer->type()) {
      return NotComparable(
          name, "type",
          absl::StrCat("is of type ", layer->type(),
                       " in the deploy model and ", other->second->type(),
                       " in the fake-quant model"));
    }
    if (other->second->bottom_size() != layer->bottom_size()) {
      return NotComparable(name, "bottom",
                           absl::StrCat("has ", layer->bottom_size(),
                                        " bottoms in the deploy model and ",
                                        other->second->bottom_size(),
                                        " in the fake-quant model"));
    }
    if (layer->bottom_size() == 0 &&
        !std::equal(layer->top().begin(), layer->top().end(),
                    other->second->top().begin(), other->second->top().end())) {
      return NotComparable(name, "top", "writes other blobs in each model");
    }
  }
  return absl::OkStatus();
}

// Checks that `quant`, before bottom `index` of `layer`, has the factors of
// `params`, and takes over its number of bits.
absl::Status MatchFactors(const std::string& layer, int index,
                          const caffe::QuantParameter& quant,
                          FakeQuantParams* params) {
  const int num_bits = quant.num_bits_d() == 0 ? 8 : quant.num_bits_d();
  const auto differs = [&](const char* field, auto deploy, auto fake) {
    return NotComparable(
        layer, field,
        absl::StrCat(field, " of input ", index, " is ", deploy,
                     " in the deploy model's record and ", fake,
                     " in the fake-quant model"));
  };
  if (params->num_bits == 8 ? num_bits != 8 : num_bits < 9 || num_bits > 16) {
    return differs("num_bits_d", params->num_bits, num_bits);
  }
  if (ScaleOfInverse(quant.scale()) != params->scale) {
    return differs("scale_d", params->scale, ScaleOfInverse(quant.scale()));
  }
  if (quant.offset() != params->offset) {
    return differs("offset_d", params->offset, quant.offset());
  }
  params->num_bits = num_bits;
  const absl::Status legal = CheckFakeQuantParams(*params);
  if (legal.ok()) return legal;
  return NotComparable(layer, "offset_d", std::string(legal.message()));
}

// Compares `codes` with `values` over their steps; one per channel, or one.
// `unit`: see IntegerDifference::Add().
template <typename Code, typename ChannelOf>
absl::Status AddDifferences(const std::string& layer, int blob,
                            absl::Span<const Code> codes, const Tensor& values,
                            const std::vector<double>& steps, int64_t unit,
                            ChannelOf channel_of,
                            IntegerDifference* difference) {
  if (values.num_elements() != static_cast<int64_t>(codes.size())) {
    return NotComparable(
        layer, absl::StrCat("blobs[", blob, "]"),
        absl::StrCat("blob ", blob, " has ", codes.size(),
                     " values in the deploy model and ", values.num_elements(),
                     " in the fake-quant model"));
  }
  for (int64_t i = 0; i < values.num_elements(); ++i) {
    const double value = values.data()[i];
    if (!std::isfinite(value)) {
      return Error(absl::StatusCode::kFailedPrecondition, "WEIGHT_NOT_FINITE",
                   absl::StrCat("layer \"", layer,
                                "\" of the fake-quant model:"
                                " blob ",
                                blob, " contains NaN or infinity"),
                   {{"layer", layer}, {"blob", absl::StrCat(blob)}});
    }
    const double step = steps[steps.size() == 1 ? 0 : channel_of(i)];
    const double code = std::round(value / step);
    difference->Add(codes[i], std::llround(std::clamp(code, -0x1p40, 0x1p40)),
                    unit);
  }
  return absl::OkStatus();
}

// Non-uniform weights are codes of their channel's table.
absl::Status CheckTables(const std::string& layer, const DeployFactors& factors,
                         const IntegerWeights& weights,
                         const WeightLayout& layout) {
  if (factors.weight_tables.empty()) return absl::OkStatus();
  const size_t size = factors.weight_tables.size() / factors.scale_w.size();
  for (size_t i = 0; i < weights.codes.size(); ++i) {
    const int64_t channel = factors.scale_w.size() == 1
                                ? 0
                                : layout.ChannelOf(static_cast<int64_t>(i));
    const absl::string_view table =
        absl::string_view(factors.weight_tables).substr(channel * size, size);
    if (table.find(static_cast<char>(weights.codes[i])) !=
        absl::string_view::npos) {
      continue;
    }
    return Error(
        absl::StatusCode::kInvalidArgument, "RECORD_INVALID",
        absl::StrCat("layer \"", layer, "\": weight.params has no ",
                     weights.codes[i], ", which blob 0 has in channel ",
                     channel, "; pass the record of this deploy model"),
        {{"layer", layer}, {"field", "weight.params"}});
  }
  return absl::OkStatus();
}

absl::StatusOr<IntegerDifference> CompareRecurrent(
    const caffe::LayerParameter& deploy, const caffe::LayerParameter& fake,
    const DeployFactors& factors, int64_t bias_unit) {
  ASSIGN_OR_RETURN(const std::vector<IntegerBlob> blobs,
                   ReadRecurrentIntegers(deploy, factors));
  IntegerDifference difference;
  for (const IntegerBlob& blob : blobs) {
    ASSIGN_OR_RETURN(const Tensor values, MakeTensor(fake.blobs(blob.blob)));
    RETURN_IF_ERROR(AddDifferences<int32_t>(
        deploy.name(), blob.blob, blob.codes, values, {blob.step},
        blob.is_bias ? bias_unit : 1, [](int64_t) { return 0; }, &difference));
  }
  return difference;
}

}  // namespace

absl::StatusOr<std::map<LayerInput, PairedQuant>> PairQuantLayers(
    const caffe::NetParameter& deploy, const caffe::NetParameter& fake,
    std::vector<DeployFactors>* factors) {
  const LayersByName fake_layers = ByName(fake);
  RETURN_IF_ERROR(CheckSameLayers(ByName(deploy), fake_layers));
  LayersByName quant_by_top;
  for (const caffe::LayerParameter& layer : fake.layer()) {
    if (layer.type() == "Quant" && layer.top_size() == 1) {
      quant_by_top[layer.top(0)] = &layer;
    }
  }
  std::map<LayerInput, PairedQuant> pairs;
  for (int i = 0; i < deploy.layer_size(); ++i) {
    const std::string& name = deploy.layer(i).name();
    std::vector<absl::optional<FakeQuantParams>>& inputs = (*factors)[i].inputs;
    for (int k = 0; k < static_cast<int>(inputs.size()); ++k) {
      const auto quant =
          quant_by_top.find(fake_layers.find(name)->second->bottom(k));
      if (inputs[k].has_value() != (quant != quant_by_top.end())) {
        return NotComparable(
            name, "bottom",
            absl::StrCat("input ", k, " is quantized in the ",
                         inputs[k] ? "deploy" : "fake-quant", " model only"));
      }
      if (!inputs[k]) continue;
      RETURN_IF_ERROR(
          MatchFactors(name, k, quant->second->quant_param(), &*inputs[k]));
      pairs[{name, k}] = {quant->first, *inputs[k]};
    }
  }
  return pairs;
}

absl::StatusOr<IntegerDifference> CompareWeights(
    const caffe::LayerParameter& deploy, const caffe::LayerParameter& fake,
    const DeployFactors& factors) {
  if (fake.blobs_size() != deploy.blobs_size()) {
    return NotComparable(
        deploy.name(), "blobs",
        absl::StrCat("has ", deploy.blobs_size(),
                     " blobs in the deploy model and ", fake.blobs_size(),
                     " in the fake-quant model"));
  }
  // What is no difference of a bias.
  const int64_t bias_unit = int64_t{1}
                            << std::max(0, factors.inputs[0]->num_bits - 8);
  if (IsRecurrent(deploy.type())) {
    return CompareRecurrent(deploy, fake, factors, bias_unit);
  }
  IntegerDifference difference;
  ASSIGN_OR_RETURN(const IntegerWeights weights,
                   ReadIntegerWeights(deploy, factors));
  ASSIGN_OR_RETURN(const WeightLayout layout, WeightLayoutOf(deploy));
  RETURN_IF_ERROR(CheckFits(weights, weights.shape,
                            static_cast<int64_t>(weights.bias.size()),
                            layout.num_channels()));
  RETURN_IF_ERROR(CheckTables(deploy.name(), factors, weights, layout));
  ASSIGN_OR_RETURN(const Tensor values, MakeTensor(fake.blobs(0)));
  RETURN_IF_ERROR(AddDifferences<int8_t>(
      deploy.name(), 0, weights.codes, values,
      {factors.scale_w.begin(), factors.scale_w.end()}, /*unit=*/1,
      [&layout](int64_t i) { return layout.ChannelOf(i); }, &difference));
  if (fake.blobs_size() < 2) return difference;
  ASSIGN_OR_RETURN(const Tensor bias, MakeTensor(fake.blobs(1)));
  RETURN_IF_ERROR(AddDifferences<int32_t>(
      deploy.name(), 1, weights.bias, bias, weights.steps, bias_unit,
      [](int64_t i) { return i; }, &difference));
  return difference;
}

}  // namespace quantd
