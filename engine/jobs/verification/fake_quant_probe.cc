#include "engine/jobs/verification/fake_quant_probe.h"

#include <utility>

#include "base/status_macros.h"
#include "engine/integer/quantized_input.h"
#include "engine/layers/recurrent_layer.h"

namespace quantd {

FakeQuantProbe::FakeQuantProbe(std::map<LayerInput, PairedQuant> quants,
                               std::map<std::string, std::string> result_blobs)
    : quants_(std::move(quants)), result_blobs_(std::move(result_blobs)) {}

std::set<std::string> FakeQuantProbe::WatchedBlobs() const {
  std::set<std::string> blobs;
  for (const auto& [input, quant] : quants_) blobs.insert(quant.blob);
  for (const auto& [layer, blob] : result_blobs_) blobs.insert(blob);
  return blobs;
}

absl::Status FakeQuantProbe::Attach(Net* net) {
  net_ = net;
  std::map<const Tensor*, int> writers;
  for (int i = 0; i < net->num_layers(); ++i) {
    for (const Tensor* top : net->tops(i)) writers[top] = i;
    const auto* layer = dynamic_cast<const RecurrentLayer*>(&net->layer(i));
    if (layer == nullptr) continue;
    auto* products = dynamic_cast<WholeRecurrentProducts*>(layer->products());
    if (products == nullptr) continue;
    products->KeepResults();
    recurrent_[layer->name()] = products;
  }
  quants_by_layer_.assign(net->num_layers(), {});
  results_by_layer_.assign(net->num_layers(), {});
  std::set<std::string> seen;
  for (const auto& [input, quant] : quants_) {
    // One Quant layer may have several readers.
    if (!seen.insert(quant.blob).second) continue;
    ASSIGN_OR_RETURN(const Tensor* blob, net->Blob(quant.blob));
    quants_by_layer_[writers[blob]].push_back(quant);
  }
  for (const auto& [layer, name] : result_blobs_) {
    ASSIGN_OR_RETURN(const Tensor* blob, net->Blob(name));
    results_by_layer_[writers[blob]].push_back(layer);
  }
  return absl::OkStatus();
}

const std::vector<int16_t>& FakeQuantProbe::codes(
    const LayerInput& input) const {
  if (input.second == DeployNet::kStates) {
    return recurrent_.at(input.first)->states();
  }
  return codes_.at(quants_.at(input).blob);
}

const std::vector<float>& FakeQuantProbe::results(
    const std::string& layer) const {
  const auto recurrent = recurrent_.find(layer);
  if (recurrent != recurrent_.end()) return recurrent->second->results();
  return results_.at(layer);
}

absl::Status FakeQuantProbe::Run(
    const std::function<absl::Status()>& after_layer) {
  return net_->Forward([&](int index) -> absl::Status {
    RETURN_IF_ERROR(Keep(index));
    return after_layer();
  });
}

absl::Status FakeQuantProbe::Keep(int index) {
  for (const PairedQuant& quant : quants_by_layer_[index]) {
    ASSIGN_OR_RETURN(const Tensor* blob, net_->Blob(quant.blob));
    std::vector<int16_t>& codes = codes_[quant.blob];
    codes.resize(blob->num_elements());
    QuantizeCodes(blob->values(), quant.params, absl::MakeSpan(codes));
  }
  for (const std::string& layer : results_by_layer_[index]) {
    ASSIGN_OR_RETURN(const Tensor* blob, net_->Blob(result_blobs_[layer]));
    const absl::Span<const float> values = blob->values();
    results_[layer].assign(values.begin(), values.end());
  }
  return absl::OkStatus();
}

}  // namespace quantd
