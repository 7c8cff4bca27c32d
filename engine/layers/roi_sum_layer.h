// What ROIAlign, PSROIPooling and PSROIAlign share: every value of the top is a
// weighted sum over the bin of a region, on one plane of bottom 0.
#ifndef QUANTD_ENGINE_LAYERS_ROI_SUM_LAYER_H_
#define QUANTD_ENGINE_LAYERS_ROI_SUM_LAYER_H_

#include <algorithm>
#include <cstdint>

#include "absl/status/status.h"
#include "engine/core/layer.h"
#include "engine/core/tensor.h"
#include "engine/layers/roi_bins.h"

namespace quantd {

// The layer `Type`, derived from this, has
//
//   template <typename Visit>
//   absl::Status ForEachBin(const Tensor& x, const Tensor& rois,
//                           const Shape& top, const Visit& visit) const;
//
// which calls visit(index in the top, offset of the plane in x, rows, columns),
// the last two BinAxis; threads share no plane. Bottoms: x and the rois.
template <typename Type>
class RoiSumLayer : public Layer {
 public:
  using Layer::Layer;

  absl::Status Forward(Bottoms bottoms, Tops tops) final {
    const float* x = bottoms[0]->data();
    float* y = tops[0]->DataToOverwrite();
    const int64_t width = bottoms[0]->shape()[3];
    return type().ForEachBin(*bottoms[0], *bottoms[1], tops[0]->shape(),
                             [=](int64_t top, int64_t plane,
                                 const BinAxis& rows, const BinAxis& columns) {
                               y[top] =
                                   WeightedSum(x + plane, width, rows, columns);
                             });
  }

  absl::Status Backward(const BackwardPass& pass) final {
    const float* dy = pass.top_diffs[0]->data();
    float* dx = pass.bottom_diffs[0]->data();
    std::fill_n(dx, pass.bottom_diffs[0]->num_elements(), 0.0f);
    const int64_t width = pass.bottoms[0]->shape()[3];
    return type().ForEachBin(
        *pass.bottoms[0], *pass.bottoms[1], pass.tops[0]->shape(),
        [=](int64_t top, int64_t plane, const BinAxis& rows,
            const BinAxis& columns) {
          AddWeighted(dy[top], width, rows, columns, dx + plane);
        });
  }

  bool IsDifferentiable(int bottom) const final { return bottom == 0; }

 private:
  const Type& type() const { return static_cast<const Type&>(*this); }
};

}  // namespace quantd

#endif  // QUANTD_ENGINE_LAYERS_ROI_SUM_LAYER_H_
