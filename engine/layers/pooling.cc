// Pooling: MAX, AVE and STOCHASTIC over windows of (N, C, H, W).
// top[1] of MAX is the index h * W + w of the maximum in its plane.
// Padding counts as Caffe has it: MAX leaves it out, AVE divides by it. With an
// explicit pad_value (a fork's field) it takes part in both with that value.
#include <memory>
#include <vector>

#include "base/status_macros.h"
#include "engine/core/layer.h"
#include "engine/kernels/pool_geometry.h"
#include "engine/layers/checks.h"
#include "engine/layers/pool_params.h"
#include "engine/layers/pooler.h"

namespace quantd {
namespace {

class PoolingLayer : public Layer {
 public:
  PoolingLayer(const caffe::LayerParameter& param, caffe::Phase phase)
      : Layer(param, phase), pooler_(phase) {}

  absl::Status SetUp(absl::Span<const Shape> bottoms, int num_tops) override {
    const caffe::PoolingParameter& p = param().pooling_param();
    const bool is_max = p.pool() == caffe::PoolingParameter::MAX;
    RETURN_IF_ERROR(CheckArity(bottoms, {1, 1}, num_tops, {1, is_max ? 2 : 1}));
    ASSIGN_OR_RETURN(geometry_, ParsePoolParams(p));
    pooler_.SetSeed(Seed());
    return absl::OkStatus();
  }

  absl::Status Reshape(absl::Span<const Shape> bottoms,
                       std::vector<Shape>* tops) override {
    const Shape& bottom = bottoms[0];
    if (param().pooling_param().global_pooling() && bottom.num_axes() == 4) {
      geometry_.kernel = {bottom[2], bottom[3]};
    }
    ASSIGN_OR_RETURN(
        const Shape shape,
        Pooler::OutputShape(geometry_, bottom, "pooling_param.kernel_size"));
    for (Shape& top : *tops) top = shape;
    return absl::OkStatus();
  }

  absl::Status Forward(Bottoms bottoms, Tops tops) override {
    if (expects_backward()) pooler_.ExpectBackward();
    return pooler_.Forward(geometry_, *bottoms[0], tops[0],
                           tops.size() > 1 ? tops[1] : nullptr);
  }

  absl::Status Backward(const BackwardPass& pass) override {
    return pooler_.Backward(geometry_, *pass.bottoms[0], *pass.top_diffs[0],
                            pass.bottom_diffs[0]);
  }

  absl::Status SkipPasses(int64_t passes) override {
    pooler_.SkipPasses(passes);
    return absl::OkStatus();
  }

 private:
  PoolGeometry geometry_;
  Pooler pooler_;
};

}  // namespace

std::unique_ptr<Layer> MakePoolingLayer(const caffe::LayerParameter& param,
                                        caffe::Phase phase) {
  return std::make_unique<PoolingLayer>(param, phase);
}

}  // namespace quantd
