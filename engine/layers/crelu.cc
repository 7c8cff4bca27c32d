// CReLU: ReLU(x) and ReLU(-x), concatenated along concat_axis; both have the
// slope negative_slope below 0.
#include <memory>
#include <vector>

#include "base/status_macros.h"
#include "engine/core/layer.h"
#include "engine/layers/checks.h"

namespace quantd {
namespace {

class CReluLayer : public Layer {
 public:
  using Layer::Layer;

  absl::Status SetUp(absl::Span<const Shape> bottoms, int num_tops) override {
    return CheckArity(bottoms, {1, 1}, num_tops, {1, 1});
  }

  absl::Status Reshape(absl::Span<const Shape> bottoms,
                       std::vector<Shape>* tops) override {
    ASSIGN_OR_RETURN(const int axis, bottoms[0].CanonicalAxis(
                                         param().crelu_param().concat_axis()));
    std::vector<int64_t> dims = bottoms[0].dims();
    dims[axis] *= 2;
    ASSIGN_OR_RETURN((*tops)[0], Shape::Create(dims));
    outer_ = bottoms[0].Count(0, axis);
    half_ = bottoms[0].Count(axis);
    return absl::OkStatus();
  }

  absl::Status Forward(Bottoms bottoms, Tops tops) override {
    const float slope = param().crelu_param().negative_slope();
    const float* x = bottoms[0]->data();
    float* y = tops[0]->DataToOverwrite();
    for (int64_t o = 0; o < outer_; ++o, x += half_, y += 2 * half_) {
      for (int64_t i = 0; i < half_; ++i) {
        y[i] = x[i] < 0 ? slope * x[i] : x[i];
        y[half_ + i] = x[i] > 0 ? -slope * x[i] : -x[i];
      }
    }
    return absl::OkStatus();
  }

  absl::Status Backward(const BackwardPass& pass) override {
    const float slope = param().crelu_param().negative_slope();
    const float* x = pass.bottoms[0]->data();
    const float* dy = pass.top_diffs[0]->data();
    float* dx = pass.bottom_diffs[0]->data();
    for (int64_t o = 0; o < outer_;
         ++o, x += half_, dx += half_, dy += 2 * half_) {
      for (int64_t i = 0; i < half_; ++i) {
        const float positive = x[i] > 0 ? 1 : slope;
        const float negative = x[i] < 0 ? 1 : slope;
        dx[i] = positive * dy[i] - negative * dy[half_ + i];
      }
    }
    return absl::OkStatus();
  }

 private:
  int64_t outer_ = 1;  // Runs of half_ values of the bottom, 2 * half_ of the
  int64_t half_ = 0;   // top.
};

}  // namespace

std::unique_ptr<Layer> MakeCReluLayer(const caffe::LayerParameter& param,
                                      caffe::Phase phase) {
  return std::make_unique<CReluLayer>(param, phase);
}

}  // namespace quantd
