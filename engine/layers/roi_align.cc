// ROIAlign: the mean of bilinear samples in each of pooled_h x pooled_w bins of
// a region (Detectron, Caffe2). Bottoms: (N, C, H, W) and the rois; top (R, C,
// pooled_h, pooled_w).
// Nothing is rounded; a region is at least one pixel long; a bin has
// sampling_ratio^2 samples, 2^2 if it is absent, ceil(bin size) per axis if it
// is not positive. Samples up to one pixel outside the map have its border's
// value, those further out count as 0. roi_end_mode 1: the pixel at x2, y2
// belongs to the region.
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

constexpr int64_t kDefaultSamples = 2;
constexpr int64_t kMaxSamples = 1024;

// `samples` <= 0: as many as the bin has pixels.
BinAxis AlignAxis(int64_t bin, int64_t num_bins, float start, float end,
                  int64_t samples, int64_t size) {
  const float length = std::max(end - start, 1.0f);
  const float step = length / static_cast<float>(num_bins);
  if (samples <= 0) samples = static_cast<int64_t>(std::ceil(step));
  const float first = start + static_cast<float>(bin) * step;
  const float distance = step / static_cast<float>(samples);
  // Of the samples, those that may be within one pixel of the map.
  const int64_t begin = std::max<int64_t>(
      0, static_cast<int64_t>(std::floor((-1 - first) / distance)) - 1);
  const int64_t stop = std::min<int64_t>(
      samples, static_cast<int64_t>(
                   std::ceil((static_cast<float>(size) - first) / distance)) +
                   1);
  BinAxis axis;
  if (size < 1) return axis;
  for (int64_t i = begin; i < stop; ++i) {
    const float x = first + (static_cast<float>(i) + 0.5f) * distance;
    if (x < -1 || x > static_cast<float>(size)) continue;
    AddSample(std::clamp(x, 0.0f, static_cast<float>(size - 1)),
              1 / static_cast<float>(samples), &axis);
  }
  return axis;
}

class RoiAlignLayer : public RoiSumLayer<RoiAlignLayer> {
 public:
  using RoiSumLayer::RoiSumLayer;

  absl::Status SetUp(absl::Span<const Shape> bottoms, int num_tops) override {
    RETURN_IF_ERROR(CheckArity(bottoms, {2, 2}, num_tops, {1, 1}));
    const caffe::ROIAlignParameter& p = param().roi_align_param();
    RETURN_IF_ERROR(
        CheckPooledSize("roi_align_param", p.pooled_h(), p.pooled_w()));
    if (p.sampling_ratio() > kMaxSamples) {
      return FieldError("roi_align_param.sampling_ratio",
                        absl::StrCat("is ", p.sampling_ratio(),
                                     "; it must be at most ", kMaxSamples));
    }
    if (p.roi_end_mode() != 0 && p.roi_end_mode() != 1) {
      return FieldError(
          "roi_align_param.roi_end_mode",
          absl::StrCat("is ", p.roi_end_mode(), "; it must be 0 or 1"));
    }
    return CheckSpatialScale("roi_align_param.spatial_scale",
                             p.spatial_scale());
  }

  absl::Status Reshape(absl::Span<const Shape> bottoms,
                       std::vector<Shape>* tops) override {
    const caffe::ROIAlignParameter& p = param().roi_align_param();
    ASSIGN_OR_RETURN((*tops)[0], RoiTopShape(bottoms, bottoms[0].LegacyDim(1),
                                             p.pooled_h(), p.pooled_w()));
    return absl::OkStatus();
  }

  template <typename Visit>
  absl::Status ForEachBin(const Tensor& x, const Tensor& table,
                          const Shape& top, const Visit& visit) const {
    ASSIGN_OR_RETURN(const std::vector<Roi> rois,
                     ReadRois(table, x.shape()[0]));
    const int64_t channels = top[1], height = x.shape()[2];
    const int64_t width = x.shape()[3];
    for (size_t r = 0; r < rois.size(); ++r) {
      const Box& box = rois[r].box;
      const std::vector<BinAxis> rows = Axes(top[2], box.y1, box.y2, height);
      const std::vector<BinAxis> columns = Axes(top[3], box.x1, box.x2, width);
#pragma omp parallel for
      for (int64_t c = 0; c < channels; ++c) {
        const int64_t plane = (rois[r].item * channels + c) * height * width;
        int64_t bin = (static_cast<int64_t>(r) * channels + c) * top.Count(2);
        for (const BinAxis& row : rows) {
          for (const BinAxis& column : columns) {
            visit(bin++, plane, row, column);
          }
        }
      }
    }
    return absl::OkStatus();
  }

 private:
  // The bins along one axis of a region.
  std::vector<BinAxis> Axes(int64_t num_bins, float x1, float x2,
                            int64_t size) const {
    const caffe::ROIAlignParameter& p = param().roi_align_param();
    const float start = x1 * p.spatial_scale();
    const float end =
        (x2 + static_cast<float>(p.roi_end_mode())) * p.spatial_scale();
    const int64_t samples =
        p.has_sampling_ratio() ? p.sampling_ratio() : kDefaultSamples;
    std::vector<BinAxis> axes;
    axes.reserve(num_bins);
    for (int64_t bin = 0; bin < num_bins; ++bin) {
      axes.push_back(AlignAxis(bin, num_bins, start, end, samples, size));
    }
    return axes;
  }
};

}  // namespace

std::unique_ptr<Layer> MakeRoiAlignLayer(const caffe::LayerParameter& param,
                                         caffe::Phase phase) {
  return std::make_unique<RoiAlignLayer>(param, phase);
}

}  // namespace quantd
