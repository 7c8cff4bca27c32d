// BatchNorm: y = (x - mean) / sqrt(variance + eps) per channel (axis 1).
// Blobs: sum of means (C), sum of variances (C), factor (1); the statistics in
// force are the sums divided by the factor. With use_global_stats (the default
// in TEST) those are used; otherwise the batch's own, with the biased variance,
// and the blobs go on: f = a * f + 1, s = a * s + new, where
// a = moving_average_fraction and the new variance is the unbiased one.
#include <cmath>
#include <memory>
#include <vector>

#include "base/status_macros.h"
#include "engine/core/layer.h"
#include "engine/kernels/channel_moments.h"
#include "engine/layers/checks.h"
#include "engine/layers/kept_bottom.h"

namespace quantd {
namespace {

class BatchNormLayer : public Layer {
 public:
  using Layer::Layer;

  absl::Status SetUp(absl::Span<const Shape> bottoms, int num_tops) override {
    RETURN_IF_ERROR(CheckArity(bottoms, {1, 1}, num_tops, {1, 1}));
    for (const caffe::ParamSpec& spec : param().param()) {
      if (spec.lr_mult() == 0) continue;
      return FieldError("param.lr_mult",
                        "must be 0: statistics are not learned");
    }
    const caffe::BatchNormParameter& p = param().batch_norm_param();
    RETURN_IF_ERROR(CheckEps("batch_norm_param.eps", p.eps()));
    use_global_stats_ = p.has_use_global_stats() ? p.use_global_stats()
                                                 : phase() == caffe::TEST;
    channels_ = Channels(bottoms[0]);
    RETURN_IF_ERROR(AddBlob({channels_}));
    RETURN_IF_ERROR(AddBlob({channels_}));
    return AddBlob({1});
  }

  absl::Status Reshape(absl::Span<const Shape> bottoms,
                       std::vector<Shape>* tops) override {
    RETURN_IF_ERROR(CheckChannels(bottoms[0], Channels(bottoms[0]), channels_));
    (*tops)[0] = bottoms[0];
    return absl::OkStatus();
  }

  absl::Status Forward(Bottoms bottoms, Tops tops) override {
    const Shape& shape = bottoms[0]->shape();
    if (shape.num_elements() == 0) return absl::OkStatus();
    const int64_t items = shape.num_axes() == 1 ? 1 : shape[0];
    const int64_t pixels = shape.num_elements() / items / channels_;
    if (!use_global_stats_ && expects_backward()) {
      RETURN_IF_ERROR(kept_.Keep(bottoms, tops));
    }
    const float* x = bottoms[0]->data();
    float* y = tops[0]->data();
    if (use_global_stats_) {
      TakeGlobalStats();
    } else {
      TakeBatchStats(x, items, pixels);
      UpdateBlobs(items * pixels);
    }
    Normalize(x, items, pixels, y);
    return absl::OkStatus();
  }

  absl::Status Backward(const BackwardPass& pass) override {
    const Shape& shape = pass.bottoms[0]->shape();
    if (shape.num_elements() == 0) return absl::OkStatus();
    const int64_t items = shape.num_axes() == 1 ? 1 : shape[0];
    const int64_t pixels = shape.num_elements() / items / channels_;
    const float eps = param().batch_norm_param().eps();
    const float* x = kept_.Of(pass).data();
    const float* dy = pass.top_diffs[0]->data();
    float* dx = pass.bottom_diffs[0]->data();
#pragma omp parallel for
    for (int64_t c = 0; c < channels_; ++c) {
      const float inv_deviation = 1 / std::sqrt(variance_[c] + eps);
      const ChannelGradient gradient =
          use_global_stats_
              ? ChannelGradient{inv_deviation, 0, 0}
              : GradientOf(x, dy, c, items, pixels, inv_deviation);
      for (int64_t n = 0; n < items; ++n) {
        const int64_t begin = (n * channels_ + c) * pixels;
        for (int64_t i = begin; i < begin + pixels; ++i) {
          const float value = use_global_stats_ ? 0 : x[i];
          dx[i] = gradient.of_dy * dy[i] + gradient.of_x * value +
                  gradient.constant;
        }
      }
    }
    return absl::OkStatus();
  }

  bool AllowsInPlace() const override { return true; }
  float DefaultLrMult(int index) const override { return 0; }

 private:
  // dx = of_dy * dy + of_x * x + constant.
  struct ChannelGradient {
    float of_dy, of_x, constant;
  };

  // With z the normalized x: dx = (dy - mean(dy) - z * mean(dy * z)) /
  // deviation.
  ChannelGradient GradientOf(const float* x, const float* dy, int64_t c,
                             int64_t items, int64_t pixels,
                             float inv_deviation) const {
    const ChannelLayout layout = {items, channels_, pixels};
    const ChannelSums sums = layout.SumsOf(dy, x, mean_[c], c);
    const auto count = static_cast<double>(items * pixels);
    const double s = inv_deviation;
    const double of_x = -s * s * s * sums.product / count;
    return {inv_deviation, static_cast<float>(of_x),
            static_cast<float>(-s * sums.dy / count - of_x * mean_[c])};
  }

  static int64_t Channels(const Shape& shape) {
    return shape.num_axes() < 2 ? 1 : shape[1];
  }

  void TakeGlobalStats() {
    const float factor = blobs_[2].data()[0];
    const float scale = factor == 0 ? 0 : 1 / factor;
    mean_.resize(channels_);
    variance_.resize(channels_);
    for (int64_t c = 0; c < channels_; ++c) {
      mean_[c] = blobs_[0].data()[c] * scale;
      variance_[c] = blobs_[1].data()[c] * scale;
    }
  }

  void TakeBatchStats(const float* x, int64_t items, int64_t pixels) {
    mean_.resize(channels_);
    variance_.resize(channels_);
    const ChannelLayout layout = {items, channels_, pixels};
#pragma omp parallel for
    for (int64_t c = 0; c < channels_; ++c) {
      const ChannelMoments moments = layout.MomentsOf(x, c);
      mean_[c] = static_cast<float>(moments.mean);
      variance_[c] = static_cast<float>(moments.variance);
    }
  }

  void UpdateBlobs(int64_t count) {
    const float fraction = param().batch_norm_param().moving_average_fraction();
    const float unbias =
        count > 1 ? static_cast<float>(count) / static_cast<float>(count - 1)
                  : 1;
    float* mean = blobs_[0].data();
    float* variance = blobs_[1].data();
    float* factor = blobs_[2].data();
    *factor = fraction * *factor + 1;
    for (int64_t c = 0; c < channels_; ++c) {
      mean[c] = fraction * mean[c] + mean_[c];
      variance[c] = fraction * variance[c] + unbias * variance_[c];
    }
  }

  void Normalize(const float* x, int64_t items, int64_t pixels, float* y) {
    const float eps = param().batch_norm_param().eps();
#pragma omp parallel for
    for (int64_t plane = 0; plane < items * channels_; ++plane) {
      const int64_t c = plane % channels_;
      const float mean = mean_[c];
      const float inv_deviation = 1 / std::sqrt(variance_[c] + eps);
      const float* from = x + plane * pixels;
      float* to = y + plane * pixels;
      for (int64_t i = 0; i < pixels; ++i) {
        to[i] = (from[i] - mean) * inv_deviation;
      }
    }
  }

  bool use_global_stats_ = true;
  int64_t channels_ = 1;
  std::vector<float> mean_;
  std::vector<float> variance_;
  KeptBottom kept_;
};

}  // namespace

std::unique_ptr<Layer> MakeBatchNormLayer(const caffe::LayerParameter& param,
                                          caffe::Phase phase) {
  return std::make_unique<BatchNormLayer>(param, phase);
}

}  // namespace quantd
