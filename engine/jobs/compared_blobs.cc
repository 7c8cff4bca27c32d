#include "engine/jobs/compared_blobs.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "engine/kernels/fake_quant.h"
#include "engine/layers/quant_params.h"

namespace quantd {
namespace {

absl::Status NotComparable(const std::string& what) {
  return Error(absl::StatusCode::kFailedPrecondition, "MODELS_NOT_COMPARABLE",
               what);
}

// By layer of `net`, the indices of those of `blobs` that it writes last.
std::vector<std::vector<size_t>> ByLayer(
    const Net& net, const std::vector<const Tensor*>& blobs) {
  std::map<const Tensor*, int> writers;
  for (int i = 0; i < net.num_layers(); ++i) {
    for (const Tensor* top : net.tops(i)) writers[top] = i;
  }
  std::vector<std::vector<size_t>> by_layer(net.num_layers());
  for (size_t i = 0; i < blobs.size(); ++i) {
    by_layer[writers[blobs[i]]].push_back(i);
  }
  return by_layer;
}

}  // namespace

ComparedBlobs::QuantRange ComparedBlobs::RangeOf(
    const caffe::QuantParameter& quant) {
  const FakeQuantParams params = FakeQuantParamsOf(quant);
  const float half = std::ldexp(1.0f, params.num_bits - 1);
  const float offset = static_cast<float>(params.offset);
  return {params.scale, (-half - offset - 0.5f) * params.scale,
          (half - 1 - offset + 0.5f) * params.scale};
}

absl::StatusOr<ComparedBlobs> ComparedBlobs::Find(
    const caffe::NetParameter& float_model,
    const caffe::NetParameter& quantized_model) {
  std::set<std::string> float_blobs;
  for (const caffe::LayerParameter& layer : float_model.layer()) {
    if (layer.bottom_size() == 0) continue;
    float_blobs.insert(layer.top().begin(), layer.top().end());
  }
  std::map<std::string, std::vector<QuantRange>> ranges;
  for (const caffe::LayerParameter& layer : quantized_model.layer()) {
    if (layer.type() != "Quant" || layer.bottom_size() != 1) continue;
    ranges[layer.bottom(0)].push_back(RangeOf(layer.quant_param()));
  }
  ComparedBlobs blobs;
  for (const caffe::LayerParameter& layer : quantized_model.layer()) {
    if (layer.bottom_size() == 0 || layer.type() == "Quant") continue;
    for (const std::string& blob : layer.top()) {
      if (float_blobs.count(blob) == 0) continue;
      Pair& pair = blobs.pairs_.emplace_back();
      pair.row.set_layer(layer.name());
      pair.row.set_type(layer.type());
      pair.row.set_blob(blob);
      pair.ranges = ranges[blob];
      pair.num_cut_off.resize(pair.ranges.size());
    }
  }
  if (!blobs.pairs_.empty()) return blobs;
  return NotComparable(
      "the two models have no blob of the same name; give a model and the "
      "fake-quant model that was made of it");
}

std::set<std::string> ComparedBlobs::names() const {
  std::set<std::string> names;
  for (const Pair& pair : pairs_) names.insert(pair.row.blob());
  return names;
}

absl::Status ComparedBlobs::Watch(const Net& float_net,
                                  const Net& quantized_net) {
  std::vector<const Tensor*> float_blobs, quantized_blobs;
  for (Pair& pair : pairs_) {
    const std::string& name = pair.row.blob();
    ASSIGN_OR_RETURN(pair.float_blob, float_net.Blob(name));
    ASSIGN_OR_RETURN(pair.quantized_blob, quantized_net.Blob(name));
    float_blobs.push_back(pair.float_blob);
    quantized_blobs.push_back(pair.quantized_blob);
    const Shape& x = pair.float_blob->shape();
    const Shape& q = pair.quantized_blob->shape();
    if (x == q) continue;
    return NotComparable(absl::StrCat(
        "blob \"", name, "\" has shape ", x.ToString(),
        " in the float model and ", q.ToString(),
        " in the quantized one; give a model and the fake-quant model that was "
        "made of it"));
  }
  by_float_layer_ = ByLayer(float_net, float_blobs);
  by_quantized_layer_ = ByLayer(quantized_net, quantized_blobs);
  return absl::OkStatus();
}

void ComparedBlobs::TakeFloat(int index) {
  for (const size_t i : by_float_layer_[index]) {
    const absl::Span<const float> values = pairs_[i].float_blob->values();
    pairs_[i].values.assign(values.begin(), values.end());
  }
}

absl::Status ComparedBlobs::TakeQuantized(int index) {
  for (const size_t i : by_quantized_layer_[index]) {
    RETURN_IF_ERROR(Compare(&pairs_[i]));
  }
  return absl::OkStatus();
}

absl::Status ComparedBlobs::Compare(Pair* pair) {
  const absl::Span<const float> values = pair->quantized_blob->values();
  if (values.size() != pair->values.size()) {
    return NotComparable(absl::StrCat(
        "blob \"", pair->row.blob(), "\" has ", pair->values.size(),
        " values in the float model and ", values.size(),
        " in the quantized one: its shape depends on values"));
  }
  pair->difference.Add(pair->values, values);
  if (!std::isfinite(pair->difference.max_error())) {
    return Error(absl::StatusCode::kFailedPrecondition, "ACTIVATION_NOT_FINITE",
                 absl::StrCat("layer \"", pair->row.layer(), "\", blob \"",
                              pair->row.blob(),
                              "\": the activations contain NaN or infinity in "
                              "one of the models; check them and their "
                              "preprocessing"),
                 {{"layer", pair->row.layer()}, {"blob", pair->row.blob()}});
  }
  for (size_t i = 0; i < pair->ranges.size(); ++i) {
    const QuantRange& range = pair->ranges[i];
    pair->num_cut_off[i] += std::count_if(
        values.begin(), values.end(),
        [&range](float x) { return x < range.low || x > range.high; });
  }
  return absl::OkStatus();
}

v1::BlobDifference ComparedBlobs::RowOf(const Pair& pair) {
  const BlobDifference& difference = pair.difference;
  v1::BlobDifference row = pair.row;
  row.set_cosine(difference.cosine());
  row.set_sqnr_db(difference.sqnr_db());
  row.set_max_error(difference.max_error());
  row.set_mean_error(difference.mean_error());
  row.set_min(difference.min());
  row.set_max(difference.max());
  row.set_num_values(difference.count());
  for (size_t i = 0; i < pair.ranges.size(); ++i) {
    const double share = difference.count() == 0
                             ? 0
                             : static_cast<double>(pair.num_cut_off[i]) /
                                   static_cast<double>(difference.count());
    if (i > 0 && share <= row.clipped()) continue;
    row.set_clipped(share);
    row.set_scale_d(pair.ranges[i].step);
  }
  return row;
}

void ComparedBlobs::Report(v1::CompareResult* result) const {
  for (const Pair& pair : pairs_) *result->add_blobs() = RowOf(pair);
  std::stable_sort(
      result->mutable_blobs()->begin(), result->mutable_blobs()->end(),
      [](const v1::BlobDifference& a, const v1::BlobDifference& b) {
        return a.sqnr_db() < b.sqnr_db();
      });
}

}  // namespace quantd
