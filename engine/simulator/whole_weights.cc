#include "engine/simulator/whole_weights.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>

#include "engine/core/blob_proto.h"
#include "engine/core/tensor.h"
#include "engine/export/layer_weights.h"
#include "engine/simulator/weight_scale.h"

namespace quantd {
namespace {

// Where the output channels are in blob 0; none for a shape that the layer
// cannot have.
absl::optional<WeightLayout> OutputLayout(const caffe::LayerParameter& layer,
                                          const Shape& shape) {
  const int64_t size = shape.num_elements();
  if (size == 0) return absl::nullopt;
  WeightLayout layout;
  if (layer.type() == "InnerProduct") {
    const caffe::InnerProductParameter& p = layer.inner_product_param();
    layout.channels_per_group = p.num_output();
    if (p.num_output() == 0 || size % p.num_output() != 0) {
      return absl::nullopt;
    }
    (p.transpose() ? layout.inputs : layout.kernel) = size / p.num_output();
    return layout;
  }
  if (layer.type() == "Deconvolution") {
    const auto found = WeightLayoutOf(layer);
    return found.ok() ? absl::make_optional(*found) : absl::nullopt;
  }
  if (shape.num_axes() < 1) return absl::nullopt;
  layout.channels_per_group = shape[0];
  layout.kernel = size / shape[0];
  return layout;
}

// Calls visit(row_position, blob_position): rows have the channel first.
template <typename Visit>
void ForEachWeight(const WeightLayout& layout, Visit visit) {
  const int64_t row_size = layout.inputs * layout.kernel;
  for (int64_t c = 0; c < layout.num_channels(); ++c) {
    const int64_t group = c / layout.channels_per_group;
    for (int64_t i = 0; i < layout.inputs; ++i) {
      const int64_t start =
          ((group * layout.inputs + i) * layout.channels_per_group +
           c % layout.channels_per_group) *
          layout.kernel;
      const int64_t row = c * row_size + i * layout.kernel;
      for (int64_t k = 0; k < layout.kernel; ++k) visit(row + k, start + k);
    }
  }
}

class Finder {
 public:
  Finder(const FakeQuantParams& input, const WeightLayout& layout,
         absl::Span<const float> known, std::vector<float> rows,
         std::vector<float> bias)
      : input_(input),
        layout_(layout),
        known_(known),
        rows_(std::move(rows)),
        bias_(std::move(bias)) {}

  absl::optional<WholeWeights> Find() {
    found_.codes.resize(rows_.size());
    FindSharedScale();
    for (int64_t c = 0; c < layout_.num_channels(); ++c) {
      if (!AddChannel(c)) return absl::nullopt;
    }
    WholeWeights ordered = found_;
    ForEachWeight(layout_, [&](int64_t row, int64_t position) {
      ordered.codes[position] = found_.codes[row];
    });
    return ordered;
  }

 private:
  absl::Span<const float> Row(int64_t channel) const {
    const int64_t size = layout_.inputs * layout_.kernel;
    return absl::MakeConstSpan(rows_).subspan(channel * size, size);
  }
  absl::Span<const float> BiasOf(int64_t channel) const {
    if (bias_.empty()) return {};
    return absl::MakeConstSpan(bias_).subspan(channel, 1);
  }

  // One scale of all channels, if there is one.
  void FindSharedScale() {
    if (known_.size() > 1 || !(LargestOf(rows_) > 0)) return;
    if (!known_.empty() && FitsScale(rows_, bias_, known_[0], input_.scale)) {
      shared_scale_ = known_[0];
    } else {
      shared_scale_ = FindScale(rows_, bias_, input_.scale);
    }
  }

  // What is known of the channel, if it fits.
  absl::optional<float> KnownScale(int64_t channel) const {
    if (shared_scale_) return shared_scale_;
    if (static_cast<int64_t>(known_.size()) != layout_.num_channels() ||
        !FitsScale(Row(channel), BiasOf(channel), known_[channel],
                   input_.scale)) {
      return absl::nullopt;
    }
    return known_[channel];
  }

  bool AddChannel(int64_t channel) {
    const absl::Span<const float> row = Row(channel);
    absl::optional<float> scale = KnownScale(channel);
    if (!scale && LargestOf(row) == 0) {
      AddZeroChannel(channel);
      return true;
    }
    if (!scale) scale = FindScale(row, BiasOf(channel), input_.scale);
    if (!scale) return false;
    float* codes = found_.codes.data() + channel * row.size();
    double weights = 0;
    for (size_t i = 0; i < row.size(); ++i) {
      codes[i] = static_cast<float>(*WholeOf(row[i], *scale, kMaxCode));
      weights += std::abs(codes[i]);
    }
    const float step = *scale * input_.scale;
    found_.steps.push_back(step);
    double largest_sum = 0;
    for (const float value : BiasOf(channel)) {
      found_.bias.push_back(*WholeOf(value, step, kMaxBias));
      largest_sum = std::abs(found_.bias.back());
    }
    largest_sum += LargestSum({codes, row.size()}, input_);
    found_.largest_sum = std::max(found_.largest_sum, largest_sum);
    found_.largest_weights = std::max(found_.largest_weights, weights);
    return true;
  }

  // The bias alone is left: one step of its own size.
  void AddZeroChannel(int64_t channel) {
    const absl::Span<const float> bias = BiasOf(channel);
    const float value = bias.empty() ? 0 : bias[0];
    if (!bias.empty()) found_.bias.push_back(value == 0 ? 0 : 1);
    found_.steps.push_back(value == 0 ? 1 : value);
  }

  const FakeQuantParams input_;
  const WeightLayout layout_;
  const absl::Span<const float> known_;
  const std::vector<float> rows_;  // Weights, output channel first.
  const std::vector<float> bias_;
  absl::optional<float> shared_scale_;
  WholeWeights found_;
};

}  // namespace

absl::optional<WholeWeights> FindWholeWeights(
    const caffe::LayerParameter& layer, const FakeQuantParams& input,
    absl::Span<const float> known) {
  if (layer.blobs_size() < 1 || layer.blobs_size() > 2) return absl::nullopt;
  const auto weights = MakeTensor(layer.blobs(0));
  if (!weights.ok()) return absl::nullopt;
  const auto layout = OutputLayout(layer, weights->shape());
  if (!layout || layout->num_elements() != weights->num_elements()) {
    return absl::nullopt;
  }
  std::vector<float> bias;
  if (layer.blobs_size() == 2) {
    const auto values = MakeTensor(layer.blobs(1));
    if (!values.ok() || values->num_elements() != layout->num_channels()) {
      return absl::nullopt;
    }
    bias.assign(values->values().begin(), values->values().end());
  }
  std::vector<float> rows(weights->num_elements());
  ForEachWeight(*layout, [&](int64_t row, int64_t position) {
    rows[row] = weights->data()[position];
  });
  if (!AreFinite(rows) || !AreFinite(bias)) return absl::nullopt;
  return Finder(input, *layout, known, std::move(rows), std::move(bias)).Find();
}

}  // namespace quantd
