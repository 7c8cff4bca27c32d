// PSROIPooling and PSROIAlign (R-FCN): position-sensitive pooling of regions.
// Bottoms: (N, output_dim * G * G, H, W) and the rois; top (R, output_dim, G,
// G), G = group_size. Bin (i, j) of output c reads channel (c * G + i) * G + j.
// PSROIPooling: the mean over the bin's pixels; corners are rounded before
//   scaling, the last pixel belongs to the region, sizes are at least 0.1.
// PSROIAlign: the mean of four bilinear samples at 1/4 and 3/4 of the bin,
//   corners are not rounded; a sample outside the map counts as 0.
#include <algorithm>
#include <cmath>
#include <memory>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/layers/checks.h"
#include "engine/layers/roi_bins.h"
#include "engine/layers/roi_sum_layer.h"
#include "engine/layers/rois.h"

namespace quantd {
namespace {

// Bin `bin` of `num_bins` of the pixels of a region, averaged.
BinAxis PoolAxis(int64_t bin, int64_t num_bins, float x1, float x2, float scale,
                 int64_t size) {
  const float start = std::round(x1) * scale;
  const float end = (std::round(x2) + 1) * scale;
  const float step = std::max(end - start, 0.1f) / static_cast<float>(num_bins);
  const float max = static_cast<float>(size);
  const float first =
      std::clamp(std::floor(static_cast<float>(bin) * step + start), 0.0f, max);
  const float last = std::clamp(
      std::ceil(static_cast<float>(bin + 1) * step + start), 0.0f, max);
  BinAxis axis;
  axis.first = static_cast<int64_t>(first);
  if (last > first) {
    axis.weights.assign(static_cast<size_t>(last - first), 1 / (last - first));
  }
  return axis;
}

// Two samples of bin `bin`, each with weight 1/2. Those outside [0, size - 1]
// are left out.
BinAxis AlignAxis(int64_t bin, int64_t num_bins, float x1, float x2,
                  float scale, int64_t size) {
  const float start = x1 * scale;
  const float step = (x2 * scale - start) / static_cast<float>(num_bins);
  const float bin_start = static_cast<float>(bin) * step + start;
  BinAxis axis;
  if (!(step > 0)) return axis;
  for (const float part : {0.25f, 0.75f}) {
    const float x = bin_start + part * step;
    if (x >= 0 && x <= static_cast<float>(size - 1)) AddSample(x, 0.5f, &axis);
  }
  return axis;
}

class PsRoiLayer : public RoiSumLayer<PsRoiLayer> {
 public:
  using AxisFunction = BinAxis (*)(int64_t bin, int64_t num_bins, float x1,
                                   float x2, float scale, int64_t size);

  PsRoiLayer(const caffe::LayerParameter& param, caffe::Phase phase,
             AxisFunction axis)
      : RoiSumLayer(param, phase), axis_(axis) {}

  absl::Status SetUp(absl::Span<const Shape> bottoms, int num_tops) override {
    RETURN_IF_ERROR(CheckArity(bottoms, {2, 2}, num_tops, {1, 1}));
    const caffe::PSROIPoolingParameter& p = param().psroi_pooling_param();
    RETURN_IF_ERROR(
        CheckSize("psroi_pooling_param.output_dim", p.output_dim()));
    RETURN_IF_ERROR(
        CheckSize("psroi_pooling_param.group_size", p.group_size()));
    return CheckSpatialScale("psroi_pooling_param.spatial_scale",
                             p.spatial_scale());
  }

  absl::Status Reshape(absl::Span<const Shape> bottoms,
                       std::vector<Shape>* tops) override {
    const caffe::PSROIPoolingParameter& p = param().psroi_pooling_param();
    const int64_t group = p.group_size();
    ASSIGN_OR_RETURN((*tops)[0],
                     RoiTopShape(bottoms, p.output_dim(), group, group));
    if (bottoms[0][1] == p.output_dim() * group * group) {
      return absl::OkStatus();
    }
    return BottomError(absl::StrCat(
        "bottom 0 of shape ", bottoms[0].ToString(), " has not the ",
        p.output_dim() * group * group,
        " channels of psroi_pooling_param.output_dim * group_size^2"));
  }

  // Bins read planes of their own, so threads share none.
  template <typename Visit>
  absl::Status ForEachBin(const Tensor& x, const Tensor& table,
                          const Shape& top, const Visit& visit) const {
    ASSIGN_OR_RETURN(const std::vector<Roi> rois,
                     ReadRois(table, x.shape()[0]));
    const float scale = param().psroi_pooling_param().spatial_scale();
    const int64_t dim = top[1], group = top[2];
    const int64_t height = x.shape()[2], width = x.shape()[3];
#pragma omp parallel for
    for (int64_t bin = 0; bin < group * group; ++bin) {
      for (size_t r = 0; r < rois.size(); ++r) {
        const Box& box = rois[r].box;
        const BinAxis rows =
            axis_(bin / group, group, box.y1, box.y2, scale, height);
        const BinAxis columns =
            axis_(bin % group, group, box.x1, box.x2, scale, width);
        for (int64_t c = 0; c < dim; ++c) {
          const int64_t channel = c * group * group + bin;
          const int64_t plane = rois[r].item * dim * group * group + channel;
          visit(static_cast<int64_t>(r) * dim * group * group + channel,
                plane * height * width, rows, columns);
        }
      }
    }
    return absl::OkStatus();
  }

 private:
  const AxisFunction axis_;
};

}  // namespace

std::unique_ptr<Layer> MakePsRoiPoolingLayer(const caffe::LayerParameter& param,
                                             caffe::Phase phase) {
  return std::make_unique<PsRoiLayer>(param, phase, PoolAxis);
}

std::unique_ptr<Layer> MakePsRoiAlignLayer(const caffe::LayerParameter& param,
                                           caffe::Phase phase) {
  return std::make_unique<PsRoiLayer>(param, phase, AlignAxis);
}

}  // namespace quantd
