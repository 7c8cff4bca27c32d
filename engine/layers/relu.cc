// ReLU: y = max(x, 0) + negative_slope * min(x, 0).
#include <memory>

#include "base/status_macros.h"
#include "engine/core/layer.h"
#include "engine/kernels/cpu/matched_buffers.h"
#include "engine/layers/checks.h"

namespace quantd {
namespace {

class ReluLayer : public Layer {
 public:
  using Layer::Layer;

  absl::Status SetUp(absl::Span<const Shape> bottoms, int num_tops) override {
    return CheckArity(bottoms, {1, 1}, num_tops, {1, 1});
  }

  absl::Status Reshape(absl::Span<const Shape> bottoms,
                       std::vector<Shape>* tops) override {
    (*tops)[0] = bottoms[0];
    return absl::OkStatus();
  }

  absl::Status Forward(Bottoms bottoms, Tops tops) override {
    const float slope = param().relu_param().negative_slope();
    ASSIGN_OR_RETURN(const MatchedBuffers buffers,
                     MatchBuffers(bottoms, tops[0]));
    const float* x = buffers.src[0];
    float* y = buffers.dst;
    const int64_t n = buffers.count;
    // In a form that vectorizes; NaN stays NaN, -0 becomes 0.
#pragma omp parallel for simd
    for (int64_t i = 0; i < n; ++i) {
      const float v = x[i];
      const float positive = v < 0 ? 0 : v;
      const float negative = v > 0 ? 0 : v;
      y[i] = positive + slope * negative;
    }
    return absl::OkStatus();
  }

  // In place the bottom is y: it has the sign of x unless the slope is
  // negative, as in Caffe.
  absl::Status Backward(const BackwardPass& pass) override {
    const float slope = param().relu_param().negative_slope();
    const float* x = pass.bottoms[0]->data();
    const float* dy = pass.top_diffs[0]->data();
    float* dx = pass.bottom_diffs[0]->data();
    const int64_t n = pass.bottoms[0]->num_elements();
#pragma omp parallel for simd
    for (int64_t i = 0; i < n; ++i) dx[i] = x[i] > 0 ? dy[i] : slope * dy[i];
    return absl::OkStatus();
  }

  bool AllowsInPlace() const override { return true; }
};

}  // namespace

std::unique_ptr<Layer> MakeReluLayer(const caffe::LayerParameter& param,
                                     caffe::Phase phase) {
  return std::make_unique<ReluLayer>(param, phase);
}

}  // namespace quantd
