#include "engine/simulator/whole_recurrent.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/status_macros.h"
#include "engine/config/quantizable.h"
#include "engine/core/blob_proto.h"
#include "engine/integer/integer_weights.h"
#include "engine/kernels/cpu/gemm.h"
#include "engine/simulator/weight_scale.h"

namespace quantd {
namespace {

using Blob = WholeRecurrentWeights::Blob;

constexpr int kXWeights = 0;
constexpr int kStaticWeights = 2;

void MakeWhole(float step, double largest, Blob* blob) {
  for (float& value : blob->values) {
    value = static_cast<float>(*WholeOf(value, step, largest));
  }
  blob->step = step;
  blob->is_whole = true;
}

class Finder {
 public:
  Finder(const caffe::LayerParameter& layer, const RecurrentInputs& inputs,
         absl::Span<const float> known)
      : inputs_(inputs),
        known_(known),
        weights_(WeightBlobs(layer)),
        biases_(BiasBlobs(layer)) {}

  // `blobs` with their floats.
  WholeRecurrentWeights Find(std::vector<Blob> blobs) {
    found_.blobs = std::move(blobs);
    FindXWeights();
    for (size_t k = 1; k < weights_.size(); ++k) {
      Blob& blob = found_.blobs[weights_[k]];
      const auto scale = ScaleOf(k, blob.values, {});
      if (scale) MakeWhole(*scale, kMaxCode, &blob);
    }
    found_.is_exact = MakeExact();
    return std::move(found_);
  }

 private:
  // The factors of what weight blob number `k` is multiplied by.
  const FakeQuantParams& InputOf(size_t k) const {
    return inputs_.static_input && weights_[k] == kStaticWeights
               ? *inputs_.static_input
               : inputs_.x;
  }

  absl::optional<float> ScaleOf(size_t k, absl::Span<const float> weights,
                                absl::Span<const float> bias) const {
    const float scale_d = InputOf(k).scale;
    if (known_.size() == weights_.size() &&
        FitsScale(weights, bias, known_[k], scale_d)) {
      return known_[k];
    }
    if (!AreFinite(weights) || !AreFinite(bias)) return absl::nullopt;
    if (LargestOf(weights) > 0) return FindScale(weights, bias, scale_d);
    if (LargestOf(bias) > 0) return absl::nullopt;
    return 1;
  }

  // And the biases, whose steps depend on them.
  void FindXWeights() {
    Blob& x = found_.blobs[kXWeights];
    std::vector<float> all;
    for (const int bias : biases_) {
      const std::vector<float>& values = found_.blobs[bias].values;
      all.insert(all.end(), values.begin(), values.end());
    }
    auto scale = ScaleOf(0, x.values, all);
    if (scale) {
      for (const int bias : biases_) {
        MakeWhole(*scale * inputs_.x.scale, kMaxBias, &found_.blobs[bias]);
      }
    } else {
      scale = ScaleOf(0, x.values, {});
    }
    if (scale) MakeWhole(*scale, kMaxCode, &x);
  }

  // Sets the parts of sums beyond 2^24.
  bool MakeExact() {
    for (const Blob& blob : found_.blobs) {
      if (!blob.is_whole) return false;
    }
    for (size_t k = 0; k < weights_.size(); ++k) {
      Blob& blob = found_.blobs[weights_[k]];
      const int64_t depth = blob.shape.Count(blob.shape.num_axes() - 1);
      double largest = 0;
      for (size_t row = 0; row < blob.values.size(); row += depth) {
        double sum = 0;
        for (int64_t i = 0; i < depth; ++i) {
          sum += std::abs(blob.values[row + i]);
        }
        largest = std::max(largest, sum);
      }
      const auto split = FindSplit(LargestInput(InputOf(k)), largest);
      if (!split) return false;
      blob.split = *split;
    }
    return true;
  }

  const RecurrentInputs& inputs_;
  const absl::Span<const float> known_;
  const std::vector<int> weights_;
  const std::vector<int> biases_;
  WholeRecurrentWeights found_;
};

}  // namespace

absl::optional<WholeRecurrentWeights> FindWholeRecurrent(
    const caffe::LayerParameter& layer, const RecurrentInputs& inputs,
    absl::Span<const float> known) {
  if (layer.blobs_size() != NumRecurrentBlobs(layer)) return absl::nullopt;
  std::vector<Blob> blobs;
  for (const caffe::BlobProto& blob : layer.blobs()) {
    const auto tensor = MakeTensor(blob);
    if (!tensor.ok() || tensor->num_elements() == 0 ||
        tensor->shape().num_axes() == 0) {
      return absl::nullopt;
    }
    const absl::Span<const float> values = tensor->values();
    blobs.emplace_back();
    blobs.back().shape = tensor->shape();
    blobs.back().values.assign(values.begin(), values.end());
  }
  return Finder(layer, inputs, known).Find(std::move(blobs));
}

WholeRecurrentProducts::WholeRecurrentProducts(WholeRecurrentWeights weights,
                                               const RecurrentInputs& inputs)
    : weights_(std::move(weights)), inputs_(inputs) {}

absl::Status WholeRecurrentProducts::CheckShapes(
    absl::Span<const Shape> blobs) {
  for (size_t i = 0; i < blobs.size(); ++i) {
    RETURN_IF_ERROR(
        CheckShape(static_cast<int>(i), weights_.blobs[i].shape, blobs[i]));
    weights_.blobs[i].shape = blobs[i];
  }
  return absl::OkStatus();
}

void WholeRecurrentProducts::BeginPass() {
  states_.clear();
  results_.clear();
}

absl::Status WholeRecurrentProducts::SumParts(const RecurrentProduct& product,
                                              const Blob& weights,
                                              int64_t num_items,
                                              int64_t depth) {
  const double base = std::ldexp(1.0, weights.split.bits);
  std::vector<float> rest = items_;
  part_.resize(rest.size());
  sums_.resize(num_items * product.num_rows);
  total_.assign(sums_.size(), 0);
  double unit = 1;
  for (int p = 0; p < weights.split.num_parts; ++p, unit *= base) {
    if (p + 1 < weights.split.num_parts) {
      SplitOffPart(weights.split.bits, absl::MakeSpan(rest), part_.data());
    } else {
      part_.swap(rest);
    }
    RETURN_IF_ERROR(
        Gemm({num_items, product.num_rows, depth}, {part_.data()},
             {weights.values.data() + product.first_row * depth, true}, 0,
             sums_.data()));
    for (size_t i = 0; i < sums_.size(); ++i) total_[i] += sums_[i] * unit;
  }
  return absl::OkStatus();
}

absl::Status WholeRecurrentProducts::Multiply(const RecurrentProduct& product,
                                              const float* items,
                                              int64_t num_items, float* out,
                                              int64_t out_stride) {
  const bool of_static = product.items == RecurrentProduct::Items::kStatic;
  const FakeQuantParams& input = of_static ? *inputs_.static_input : inputs_.x;
  const Blob& weights = weights_.blobs[product.weights];
  const int64_t depth = weights.shape.Count(1);
  const int64_t num_rows = product.num_rows;
  items_.resize(num_items * depth);
  FakeQuantSteps(absl::MakeConstSpan(items, items_.size()), input,
                 absl::MakeSpan(items_));

  RETURN_IF_ERROR(SumParts(product, weights, num_items, depth));

  const Blob* bias = product.bias < 0 ? nullptr : &weights_.blobs[product.bias];
  const bool bias_in_sum =
      bias != nullptr && product.weights == kXWeights && bias->is_whole;
  const float step = input.scale * weights.step;
  const auto count = static_cast<int64_t>(total_.size());
  for (int64_t i = 0; i < count; ++i) {
    const float b =
        bias == nullptr ? 0 : bias->values[product.first_row + i % num_rows];
    const double total = bias_in_sum ? total_[i] + b : total_[i];
    const float sum = static_cast<float>(total) * step;
    const bool adds_bias = bias != nullptr && !bias_in_sum;
    const float value = adds_bias ? sum + b * bias->step : sum;
    float& y = out[i / num_rows * out_stride + i % num_rows];
    y = product.accumulates ? y + value : value;
    sums_[i] = product.weights == kXWeights ? value : sum;
  }
  if (!keeps_results_) return absl::OkStatus();
  results_.insert(results_.end(), sums_.begin(), sums_.end());
  if (product.items != RecurrentProduct::Items::kState) {
    return absl::OkStatus();
  }
  for (const float whole : items_) {
    states_.push_back(
        static_cast<int16_t>(static_cast<int>(whole) + input.offset));
  }
  return absl::OkStatus();
}

}  // namespace quantd
