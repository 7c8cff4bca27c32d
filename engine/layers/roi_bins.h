// Bins of a region as weighted sums over a feature map: what PSROIPooling,
// PSROIAlign and ROIAlign compute. The weights of a pixel are the product of
// those of its row and of its column.
#ifndef QUANTD_ENGINE_LAYERS_ROI_BINS_H_
#define QUANTD_ENGINE_LAYERS_ROI_BINS_H_

#include <cstdint>
#include <vector>

namespace quantd {

// Weights of the pixels first, first + 1, ... along one axis, all inside the
// map. None: the bin is 0.
struct BinAxis {
  int64_t first = 0;
  std::vector<float> weights;
};

// Adds `weight` times the linear interpolation of pixels at `x`, which is in
// [0, size - 1] and not before axis->first.
void AddSample(float x, float weight, BinAxis* axis);

float WeightedSum(const float* plane, int64_t width, const BinAxis& rows,
                  const BinAxis& columns);

// The gradient of WeightedSum(): adds `diff` times the weights.
void AddWeighted(float diff, int64_t width, const BinAxis& rows,
                 const BinAxis& columns, float* plane_diff);

}  // namespace quantd

#endif  // QUANTD_ENGINE_LAYERS_ROI_BINS_H_
