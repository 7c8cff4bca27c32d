// ROIPooling: the maximum of each of pooled_h x pooled_w bins of a region.
// Bottoms: (N, C, H, W) and the rois; top (R, C, pooled_h, pooled_w).
// Corners are rounded after scaling, the last pixel belongs to the region, bins
// go from floor(i * size) to ceil((i + 1) * size) in float32 (Fast R-CNN). An
// empty bin is 0. Pixels beyond the region's end, which a bin may have by
// rounding or because the region ends before it begins, get no gradient.
#include <algorithm>
#include <cmath>
#include <memory>

#include "base/status_macros.h"
#include "engine/core/layer.h"
#include "engine/layers/checks.h"
#include "engine/layers/rois.h"

namespace quantd {
namespace {

struct Interval {
  int64_t begin;
  int64_t end;
};

// Pixels of bin `bin` of the region [start, end], of `size` pixels.
Interval BinOf(int64_t bin, int64_t num_bins, float start, float end,
               int64_t size) {
  const float length = std::max(end - start + 1, 1.0f);
  const float step = length / static_cast<float>(num_bins);
  const float first = std::floor(static_cast<float>(bin) * step) + start;
  const float last = std::ceil(static_cast<float>(bin + 1) * step) + start;
  const float max = static_cast<float>(size);
  return {static_cast<int64_t>(std::clamp(first, 0.0f, max)),
          static_cast<int64_t>(std::clamp(last, 0.0f, max))};
}

// Index in the plane of the first maximum of the bin; -1 if it is empty.
int64_t MaxIndex(const float* plane, int64_t width, Interval rows,
                 Interval columns) {
  int64_t best = -1;
  for (int64_t h = rows.begin; h < rows.end; ++h) {
    for (int64_t w = columns.begin; w < columns.end; ++w) {
      const int64_t index = h * width + w;
      if (best < 0 || plane[index] > plane[best]) best = index;
    }
  }
  return best;
}

class RoiPoolingLayer : public Layer {
 public:
  using Layer::Layer;

  absl::Status SetUp(absl::Span<const Shape> bottoms, int num_tops) override {
    RETURN_IF_ERROR(CheckArity(bottoms, {2, 2}, num_tops, {1, 1}));
    const caffe::ROIPoolingParameter& p = param().roi_pooling_param();
    RETURN_IF_ERROR(
        CheckPooledSize("roi_pooling_param", p.pooled_h(), p.pooled_w()));
    scale_h_ =
        p.has_spatial_scale_h() ? p.spatial_scale_h() : p.spatial_scale();
    scale_w_ =
        p.has_spatial_scale_w() ? p.spatial_scale_w() : p.spatial_scale();
    RETURN_IF_ERROR(
        CheckSpatialScale("roi_pooling_param.spatial_scale", scale_h_));
    return CheckSpatialScale("roi_pooling_param.spatial_scale", scale_w_);
  }

  absl::Status Reshape(absl::Span<const Shape> bottoms,
                       std::vector<Shape>* tops) override {
    const caffe::ROIPoolingParameter& p = param().roi_pooling_param();
    ASSIGN_OR_RETURN((*tops)[0], RoiTopShape(bottoms, bottoms[0].LegacyDim(1),
                                             p.pooled_h(), p.pooled_w()));
    return absl::OkStatus();
  }

  absl::Status Forward(Bottoms bottoms, Tops tops) override {
    const float* x = bottoms[0]->data();
    float* y = tops[0]->DataToOverwrite();
    return ForEachBin(*bottoms[0], *bottoms[1], tops[0]->shape(),
                      [=](int64_t bin, int64_t plane, int64_t max, bool) {
                        y[bin] = max < 0 ? 0 : x[plane + max];
                      });
  }

  absl::Status Backward(const BackwardPass& pass) override {
    const float* dy = pass.top_diffs[0]->data();
    float* dx = pass.bottom_diffs[0]->data();
    std::fill_n(dx, pass.bottom_diffs[0]->num_elements(), 0.0f);
    return ForEachBin(
        *pass.bottoms[0], *pass.bottoms[1], pass.tops[0]->shape(),
        [=](int64_t bin, int64_t plane, int64_t max, bool is_inside) {
          if (is_inside) dx[plane + max] += dy[bin];
        });
  }

  bool IsDifferentiable(int bottom) const override { return bottom == 0; }

 private:
  // Calls visit(bin, plane, max, is_inside): the index of the bin in the top,
  // the offset of its plane in x, MaxIndex(), and whether that is a pixel not
  // beyond the region's end. Threads share no plane.
  template <typename Visit>
  absl::Status ForEachBin(const Tensor& x, const Tensor& table,
                          const Shape& top, const Visit& visit) const {
    ASSIGN_OR_RETURN(const std::vector<Roi> rois,
                     ReadRois(table, x.shape()[0]));
    const int64_t channels = top[1], height = x.shape()[2];
    const int64_t width = x.shape()[3], bins = top.Count(2);
    const float* data = x.data();
#pragma omp parallel for
    for (int64_t c = 0; c < channels; ++c) {
      for (size_t r = 0; r < rois.size(); ++r) {
        const int64_t plane = (rois[r].item * channels + c) * height * width;
        const int64_t first = (static_cast<int64_t>(r) * channels + c) * bins;
        const Box box = {std::round(rois[r].box.x1 * scale_w_),
                         std::round(rois[r].box.y1 * scale_h_),
                         std::round(rois[r].box.x2 * scale_w_),
                         std::round(rois[r].box.y2 * scale_h_)};
        for (int64_t bin = 0; bin < bins; ++bin) {
          const Interval rows =
              BinOf(bin / top[3], top[2], box.y1, box.y2, height);
          const Interval columns =
              BinOf(bin % top[3], top[3], box.x1, box.x2, width);
          const int64_t max = MaxIndex(data + plane, width, rows, columns);
          const int64_t row = max / width;
          const int64_t column = max % width;
          const bool is_inside = max >= 0 &&
                                 static_cast<float>(row) <= box.y2 &&
                                 static_cast<float>(column) <= box.x2;
          visit(first + bin, plane, max, is_inside);
        }
      }
    }
    return absl::OkStatus();
  }

  float scale_h_ = 1;
  float scale_w_ = 1;
};

}  // namespace

std::unique_ptr<Layer> MakeRoiPoolingLayer(const caffe::LayerParameter& param,
                                           caffe::Phase phase) {
  return std::make_unique<RoiPoolingLayer>(param, phase);
}

}  // namespace quantd
