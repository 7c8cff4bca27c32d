// What MVN, GroupNorm and LayerNormalization share: rows of the bottom are
// standardized, then scaled and shifted by the layer's blobs, if it has them.
#ifndef QUANTD_ENGINE_LAYERS_ROW_NORM_H_
#define QUANTD_ENGINE_LAYERS_ROW_NORM_H_

#include <vector>

#include "absl/status/status.h"
#include "engine/core/layer.h"
#include "engine/core/tensor.h"
#include "engine/kernels/standardize.h"
#include "engine/layers/channel_broadcast.h"

namespace quantd {

// One layer's normalization. y = standardized(x) * scale + bias; `scale` and
// `bias` spread over y as `affine` says.
//
// Memory: a copy of y where there is a scale and `keep` is true.
struct RowNorm {
  Standardize rows;
  ChannelBroadcast affine;

  // `scale` and `bias` may be null; `y` may be `x`. With `keep` Backward() may
  // follow. Errors: RESOURCE_EXHAUSTED without memory.
  absl::Status Forward(const Tensor& x, const Tensor* scale, const Tensor* bias,
                       bool keep, Tensor* y);

  // Adds to the gradients that are not null and writes dx, which may be dy and
  // may be null. `y` as Forward() left it.
  absl::Status Backward(const Tensor& y, const Tensor* scale, const Tensor& dy,
                        Tensor* dscale, Tensor* dbias, Tensor* dx);

 private:
  std::vector<float> factors_;
  Tensor standardized_;  // Before the scale.
};

// A layer that is one RowNorm. Its blobs, if it has any, are scale and, if
// there are two, bias. A type gives SetUp() and Reshape(), which set `norm_`.
class RowNormLayer : public Layer {
 public:
  using Layer::Layer;

  absl::Status Forward(Bottoms bottoms, Tops tops) final;
  absl::Status Backward(const BackwardPass& pass) final;
  bool AllowsInPlace() const final { return true; }

 protected:
  RowNorm norm_;

 private:
  // Null without.
  const Tensor* scale() const { return blobs_.empty() ? nullptr : &blobs_[0]; }
  const Tensor* bias() const {
    return blobs_.size() < 2 ? nullptr : &blobs_[1];
  }
};

}  // namespace quantd

#endif  // QUANTD_ENGINE_LAYERS_ROW_NORM_H_
