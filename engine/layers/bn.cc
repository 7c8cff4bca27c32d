// BN: y = slope * (x - mean) / sqrt(variance + eps) + bias per channel (axis
// 1), as two forks have it; all blobs are 1xCx1x1. Four blobs (PSPNet): slope,
// bias, mean, variance. In TEST, or frozen, mean and variance are those blobs;
// otherwise the batch's (biased), and the blobs go on by s = momentum * s + (1
// - momentum) * new. Two blobs (SegNet), where the model has two or bn_param
// has bn_mode or its fillers: scale and shift. INFERENCE: y = scale * x +
// shift. LEARN: with the batch's mean and variance in every phase.
#include <cmath>
#include <memory>
#include <vector>

#include "base/status_macros.h"
#include "engine/core/filler.h"
#include "engine/core/layer.h"
#include "engine/kernels/channel_moments.h"
#include "engine/layers/checks.h"

namespace quantd {
namespace {

constexpr float kSegNetEps = 1e-9f;

class BnLayer : public Layer {
 public:
  using Layer::Layer;

  absl::Status SetUp(absl::Span<const Shape> bottoms, int num_tops) override {
    RETURN_IF_ERROR(CheckArity(bottoms, {1, 1}, num_tops, {1, 1}));
    RETURN_IF_ERROR(CheckEps("bn_param.eps", p().eps()));
    ChooseForm();
    channels_ = bottoms[0].LegacyDim(1);
    const std::vector<int64_t> dims = {1, channels_, 1, 1};
    if (two_blobs_) {
      RETURN_IF_ERROR(AddBlob(dims, p().has_scale_filler()
                                        ? p().scale_filler()
                                        : ConstantFiller(1)));
      return AddBlob(dims, p().shift_filler());
    }
    RETURN_IF_ERROR(AddBlob(
        dims, p().has_slope_filler() ? p().slope_filler() : ConstantFiller(1)));
    RETURN_IF_ERROR(AddBlob(dims, p().bias_filler()));
    RETURN_IF_ERROR(AddBlob(dims));
    return AddBlob(dims, ConstantFiller(1));
  }

  absl::Status Reshape(absl::Span<const Shape> bottoms,
                       std::vector<Shape>* tops) override {
    const Shape& shape = bottoms[0];
    RETURN_IF_ERROR(CheckChannels(shape, shape.LegacyDim(1), channels_));
    items_ = shape.LegacyDim(0);
    pixels_ = shape.num_axes() < 2 ? 1 : shape.Count(2);
    (*tops)[0] = shape;
    return absl::OkStatus();
  }

  absl::Status Forward(Bottoms bottoms, Tops tops) override {
    const float* x = bottoms[0]->data();
    float* y = tops[0]->data();
    float* normalized = nullptr;
    if (expects_backward()) {
      RETURN_IF_ERROR(normalized_.Resize(bottoms[0]->shape()));
      normalized = normalized_.data();
    }
    TakeStatistics(x);
    const float* slope = blobs_[0].data();
    const float* bias = blobs_[1].data();
#pragma omp parallel for
    for (int64_t c = 0; c < channels_; ++c) {
      for (int64_t n = 0; n < items_; ++n) {
        const int64_t begin = (n * channels_ + c) * pixels_;
        for (int64_t i = begin; i < begin + pixels_; ++i) {
          const float value = (x[i] - means_[c]) * factors_[c];
          if (normalized != nullptr) normalized[i] = value;
          y[i] = slope[c] * value + bias[c];
        }
      }
    }
    return absl::OkStatus();
  }

  // With z = (x - mean) * factor: dx = slope * factor * (dy - mean(dy) - z *
  // mean(dy * z)), without the means where the statistics are not the batch's.
  absl::Status Backward(const BackwardPass& pass) override {
    const float* dy = pass.top_diffs[0]->data();
    float* dx = pass.bottom_diffs[0] ? pass.bottom_diffs[0]->data() : nullptr;
    float* dslope = LearnedDiff(0);
    float* dbias = LearnedDiff(1);
    const float* z = normalized_.values().data();
    const float* slope = blobs_[0].data();
#pragma omp parallel for
    for (int64_t c = 0; c < channels_; ++c) {
      const ChannelSums sums = layout().SumsOf(dy, z, 0, c);
      if (dslope != nullptr) dslope[c] += static_cast<float>(sums.product);
      if (dbias != nullptr) dbias[c] += static_cast<float>(sums.dy);
      if (dx == nullptr) continue;
      const bool of_batch = statistics_ == Statistics::kBatch;
      const double count = static_cast<double>(items_ * pixels_);
      const float mean = of_batch ? static_cast<float>(sums.dy / count) : 0;
      const float along =
          of_batch ? static_cast<float>(sums.product / count) : 0;
      const float factor = slope[c] * factors_[c];
      for (int64_t n = 0; n < items_; ++n) {
        const int64_t begin = (n * channels_ + c) * pixels_;
        for (int64_t i = begin; i < begin + pixels_; ++i) {
          dx[i] = factor * (dy[i] - mean - z[i] * along);
        }
      }
    }
    return absl::OkStatus();
  }

  bool AllowsInPlace() const override { return true; }
  float DefaultLrMult(int index) const override { return index < 2 ? 1 : 0; }

 private:
  enum class Statistics { kNone, kBlobs, kBatch };

  const caffe::BNParameter& p() const { return param().bn_param(); }

  void ChooseForm() {
    const size_t num_expected = expected_blobs().size();
    two_blobs_ = num_expected > 0
                     ? num_expected == 2
                     : p().has_bn_mode() || p().has_scale_filler() ||
                           p().has_shift_filler();
    if (two_blobs_) {
      statistics_ = p().bn_mode() == caffe::BNParameter::INFERENCE
                        ? Statistics::kNone
                        : Statistics::kBatch;
    } else {
      statistics_ = phase() == caffe::TEST || p().frozen() ? Statistics::kBlobs
                                                           : Statistics::kBatch;
    }
  }

  // Sets means_ and factors_, and carries the blobs on.
  void TakeStatistics(const float* x) {
    means_.assign(channels_, 0);
    factors_.assign(channels_, 1);
    if (statistics_ == Statistics::kNone) return;
    if (statistics_ == Statistics::kBatch) {
      TakeBatchStatistics(x);
      return;
    }
    for (int64_t c = 0; c < channels_; ++c) {
      means_[c] = blobs_[2].values()[c];
      factors_[c] = 1 / std::sqrt(blobs_[3].values()[c] + p().eps());
    }
  }

  void TakeBatchStatistics(const float* x) {
    if (items_ * pixels_ == 0) return;
    const float eps = two_blobs_ ? kSegNetEps : p().eps();
    float* const running_mean = two_blobs_ ? nullptr : blobs_[2].data();
    float* const running_variance = two_blobs_ ? nullptr : blobs_[3].data();
#pragma omp parallel for
    for (int64_t c = 0; c < channels_; ++c) {
      const auto [mean, variance] = layout().MomentsOf(x, c);
      means_[c] = static_cast<float>(mean);
      factors_[c] = static_cast<float>(1 / std::sqrt(variance + eps));
      if (running_mean == nullptr || running_variance == nullptr) continue;
      CarryOn(means_[c], &running_mean[c]);
      CarryOn(static_cast<float>(variance), &running_variance[c]);
    }
  }

  void CarryOn(float value, float* running) const {
    *running = p().momentum() * *running + (1 - p().momentum()) * value;
  }

  // The gradient of slope or bias, which are learned unless frozen.
  float* LearnedDiff(int blob) {
    const bool wanted = !p().frozen() && WantsBlobDiff(blob);
    return wanted ? blob_diff(blob).data() : nullptr;
  }

  ChannelLayout layout() const { return {items_, channels_, pixels_}; }

  bool two_blobs_ = false;
  Statistics statistics_ = Statistics::kBlobs;
  int64_t items_ = 1;
  int64_t channels_ = 1;
  int64_t pixels_ = 1;
  std::vector<float> means_;    // One a channel.
  std::vector<float> factors_;  // 1 / deviation.
  Tensor normalized_;           // Before slope and bias.
};

}  // namespace

std::unique_ptr<Layer> MakeBnLayer(const caffe::LayerParameter& param,
                                   caffe::Phase phase) {
  return std::make_unique<BnLayer>(param, phase);
}

}  // namespace quantd
