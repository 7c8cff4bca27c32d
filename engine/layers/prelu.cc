// PReLU: y = max(x, 0) + a * min(x, 0), a per channel (axis 1) or, with
// channel_shared, one for all. Blob: a (C), or a scalar.
#include <memory>

#include "base/status_macros.h"
#include "engine/core/filler.h"
#include "engine/core/layer.h"
#include "engine/layers/checks.h"
#include "engine/layers/kept_bottom.h"

namespace quantd {
namespace {

class PReluLayer : public Layer {
 public:
  using Layer::Layer;

  absl::Status SetUp(absl::Span<const Shape> bottoms, int num_tops) override {
    RETURN_IF_ERROR(CheckArity(bottoms, {1, 1}, num_tops, {1, 1}));
    RETURN_IF_ERROR(CheckHasChannels(bottoms[0]));
    channels_ = bottoms[0][1];
    const caffe::PReLUParameter& p = param().prelu_param();
    const caffe::FillerParameter filler =
        p.has_filler() ? p.filler() : ConstantFiller(0.25f);
    if (p.channel_shared()) return AddBlob({}, filler);
    return AddBlob({channels_}, filler);
  }

  absl::Status Reshape(absl::Span<const Shape> bottoms,
                       std::vector<Shape>* tops) override {
    const int64_t found = bottoms[0].num_axes() < 2 ? -1 : bottoms[0][1];
    RETURN_IF_ERROR(CheckChannels(bottoms[0], found, channels_));
    (*tops)[0] = bottoms[0];
    return absl::OkStatus();
  }

  absl::Status Forward(Bottoms bottoms, Tops tops) override {
    const Shape& shape = bottoms[0]->shape();
    const int64_t planes = shape.Count(0, 2), pixels = shape.Count(2);
    const bool shared = param().prelu_param().channel_shared();
    const float* slopes = blobs_[0].data();
    if (expects_backward()) RETURN_IF_ERROR(kept_.Keep(bottoms, tops));
    const float* x = bottoms[0]->data();
    float* y = tops[0]->data();
#pragma omp parallel for
    for (int64_t plane = 0; plane < planes; ++plane) {
      const float slope = slopes[shared ? 0 : plane % channels_];
      for (int64_t i = plane * pixels; i < (plane + 1) * pixels; ++i) {
        const float v = x[i];
        y[i] = (v < 0 ? 0 : v) + slope * (v > 0 ? 0 : v);
      }
    }
    return absl::OkStatus();
  }

  absl::Status Backward(const BackwardPass& pass) override {
    const Shape& shape = pass.bottoms[0]->shape();
    const int64_t planes = shape.Count(0, 2), pixels = shape.Count(2);
    const bool shared = param().prelu_param().channel_shared();
    const float* x = kept_.Of(pass).data();
    const float* dy = pass.top_diffs[0]->data();
    if (WantsBlobDiff(0)) {
      float* da = blob_diff(0).data();
      for (int64_t plane = 0; plane < planes; ++plane) {
        double sum = 0;
        for (int64_t i = plane * pixels; i < (plane + 1) * pixels; ++i) {
          sum += x[i] > 0 ? 0 : dy[i] * x[i];
        }
        da[shared ? 0 : plane % channels_] += static_cast<float>(sum);
      }
    }
    if (pass.bottom_diffs[0] == nullptr) return absl::OkStatus();
    const float* slopes = blobs_[0].data();
    float* dx = pass.bottom_diffs[0]->data();
#pragma omp parallel for
    for (int64_t plane = 0; plane < planes; ++plane) {
      const float slope = slopes[shared ? 0 : plane % channels_];
      for (int64_t i = plane * pixels; i < (plane + 1) * pixels; ++i) {
        dx[i] = x[i] > 0 ? dy[i] : slope * dy[i];
      }
    }
    return absl::OkStatus();
  }

  bool AllowsInPlace() const override { return true; }

 private:
  int64_t channels_ = 1;
  KeptBottom kept_;
};

}  // namespace

std::unique_ptr<Layer> MakePReluLayer(const caffe::LayerParameter& param,
                                      caffe::Phase phase) {
  return std::make_unique<PReluLayer>(param, phase);
}

}  // namespace quantd
