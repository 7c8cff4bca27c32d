// LRN: local response normalization of (N, C, H, W), n = local_size.
// ACROSS_CHANNELS: y = x * (k + alpha / n * sum x^2 over n channels)^-beta.
// WITHIN_CHANNEL: y = x * (1 + alpha * a)^-beta, a the n x n average pooling of
// x^2 with pad (n - 1) / 2 and Caffe's divisor; k is ignored, as in Caffe.
#include <algorithm>
#include <cmath>
#include <memory>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/core/layer.h"
#include "engine/kernels/pool_geometry.h"
#include "engine/kernels/reference/pooling.h"
#include "engine/layers/checks.h"

namespace quantd {
namespace {

// y = x * base^-beta; the usual beta without a call to pow().
void DivideByPower(const float* x, const float* base, float beta, int64_t n,
                   float* y) {
  if (beta == 0.75f) {
#pragma omp parallel for simd
    for (int64_t i = 0; i < n; ++i) {
      const float root = std::sqrt(base[i]);
      y[i] = x[i] / (root * std::sqrt(root));
    }
  } else {
#pragma omp parallel for
    for (int64_t i = 0; i < n; ++i) y[i] = x[i] * std::pow(base[i], -beta);
  }
}

class LrnLayer : public Layer {
 public:
  using Layer::Layer;

  absl::Status SetUp(absl::Span<const Shape> bottoms, int num_tops) override {
    RETURN_IF_ERROR(CheckArity(bottoms, {1, 1}, num_tops, {1, 1}));
    size_ = lrn().local_size();
    if (size_ % 2 == 0 || size_ > 65535) {
      return FieldError(
          "lrn_param.local_size",
          absl::StrCat("is ", size_, "; it must be odd and at most 65535"));
    }
    return absl::OkStatus();
  }

  absl::Status Reshape(absl::Span<const Shape> bottoms,
                       std::vector<Shape>* tops) override {
    RETURN_IF_ERROR(CheckImageAxes(bottoms[0]));
    (*tops)[0] = bottoms[0];
    return scratch_.Resize(bottoms[0]);
  }

  absl::Status Forward(Bottoms bottoms, Tops tops) override {
    if (lrn().norm_region() == caffe::LRNParameter::WITHIN_CHANNEL) {
      return WithinChannel(*bottoms[0], tops[0]);
    }
    AcrossChannels(*bottoms[0], tops[0]);
    return absl::OkStatus();
  }

  // With b what the power is taken of and s_j = dy_j * x_j * b_j^(-beta - 1):
  // dx_i = dy_i * b_i^-beta - 2 * alpha * beta * x_i * sum of s_j * w_ij, where
  // b_j = constant + alpha * sum of w_ij * x_i^2.
  absl::Status Backward(const BackwardPass& pass) override {
    const int64_t count = pass.bottoms[0]->num_elements();
    const float* x = pass.bottoms[0]->data();
    const float* dy = pass.top_diffs[0]->data();
    const float* base = scratch_.data();
    const float beta = lrn().beta();
    RETURN_IF_ERROR(slopes_.Resize(pass.bottoms[0]->shape()));
    RETURN_IF_ERROR(sums_.Resize(pass.bottoms[0]->shape()));
    float* slopes = slopes_.data();
    DivideByPower(dy, base, beta, count, slopes);
    for (int64_t i = 0; i < count; ++i) slopes[i] *= x[i] / base[i];
    float factor = -2 * beta * lrn().alpha();
    if (lrn().norm_region() == caffe::LRNParameter::WITHIN_CHANNEL) {
      ReferencePoolingBackward(WithinPool(), slopes_, slopes_, &sums_);
    } else {
      SumChannels(
          slopes_, [](float value) { return value; }, &sums_);
      factor /= static_cast<float>(size_);
    }
    const float* sums = sums_.data();
    float* dx = pass.bottom_diffs[0]->DataToOverwrite();
    DivideByPower(dy, base, beta, count, dx);
    for (int64_t i = 0; i < count; ++i) dx[i] += factor * x[i] * sums[i];
    return absl::OkStatus();
  }

 private:
  const caffe::LRNParameter& lrn() const { return param().lrn_param(); }

  // sums = the sum of f(value) over the size_ channels around each.
  template <typename Function>
  void SumChannels(const Tensor& values, const Function& f,
                   Tensor* sums) const {
    const int64_t items = values.shape()[0], channels = values.shape()[1];
    const int64_t pixels = values.shape().Count(2);
    const int64_t half = (size_ - 1) / 2;
    const float* x = values.data();
    float* y = sums->data();
#pragma omp parallel for
    for (int64_t plane = 0; plane < items * channels; ++plane) {
      const int64_t item = plane / channels, c = plane % channels;
      float* sum = y + plane * pixels;
      std::fill_n(sum, pixels, 0.0f);
      for (int64_t other = std::max<int64_t>(c - half, 0);
           other <= std::min(c + half, channels - 1); ++other) {
        const float* from = x + (item * channels + other) * pixels;
        for (int64_t i = 0; i < pixels; ++i) sum[i] += f(from[i]);
      }
    }
  }

  void AcrossChannels(const Tensor& bottom, Tensor* top) {
    SumChannels(
        bottom, [](float value) { return value * value; }, &scratch_);
    const int64_t count = bottom.num_elements();
    const float k = lrn().k();
    const float factor = lrn().alpha() / static_cast<float>(size_);
    float* base = scratch_.data();
    for (int64_t i = 0; i < count; ++i) base[i] = k + factor * base[i];
    DivideByPower(bottom.data(), base, lrn().beta(), count, top->data());
  }

  PoolGeometry WithinPool() const {
    PoolGeometry pool;
    pool.method = PoolGeometry::kAverage;
    pool.kernel = {size_, size_};
    pool.pad = {(size_ - 1) / 2, (size_ - 1) / 2};
    return pool;
  }

  absl::Status WithinChannel(const Tensor& bottom, Tensor* top) {
    const int64_t count = bottom.num_elements();
    RETURN_IF_ERROR(squares_.Resize(bottom.shape()));
    const float* x = bottom.data();
    float* squares = squares_.data();
    for (int64_t i = 0; i < count; ++i) squares[i] = x[i] * x[i];
    ReferencePooling(WithinPool(), squares_, &scratch_, nullptr);
    float* base = scratch_.data();
    const float alpha = lrn().alpha();
    for (int64_t i = 0; i < count; ++i) base[i] = 1 + alpha * base[i];
    DivideByPower(x, base, lrn().beta(), count, top->data());
    return absl::OkStatus();
  }

  int64_t size_ = 5;
  Tensor scratch_;  // What the power is taken of.
  Tensor squares_;
  Tensor slopes_;  // Of Backward().
  Tensor sums_;
};

}  // namespace

std::unique_ptr<Layer> MakeLrnLayer(const caffe::LayerParameter& param,
                                    caffe::Phase phase) {
  return std::make_unique<LrnLayer>(param, phase);
}

}  // namespace quantd
