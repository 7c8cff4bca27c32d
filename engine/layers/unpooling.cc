// Unpooling (DeconvNet): the inverse of a pooling of (N, C, H, W).
// MAX with a mask (bottom 1, as Pooling's second top): each value goes where
//   the mask says. MAX without: to the top left pixel of its window.
// AVE: each value, divided by the size of its window, is added to the window's
//   pixels; TILE: the same, undivided.
// The top's size is unpool_size, or unpool_h x unpool_w, or (i - 1) * stride -
// 2 * pad + kernel.
#include <algorithm>
#include <memory>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/core/layer.h"
#include "engine/kernels/pool_geometry.h"
#include "engine/layers/checks.h"
#include "engine/layers/mask_scatter.h"
#include "engine/layers/size_pair.h"

namespace quantd {
namespace {

// As ReadSizePair(); both of _h and _w, or neither.
absl::StatusOr<PoolGeometry::Pair> ReadPair(const SizePair& pair) {
  if (pair.has_h != pair.has_w) {
    return FieldError(pair.field, "has only one of its _h and _w forms");
  }
  return ReadSizePair(pair);
}

class UnpoolingLayer : public Layer {
 public:
  using Layer::Layer;

  absl::Status SetUp(absl::Span<const Shape> bottoms, int num_tops) override {
    const bool is_max = method() == caffe::UnpoolingParameter::MAX;
    RETURN_IF_ERROR(CheckArity(bottoms, {1, is_max ? 2 : 1}, num_tops, {1, 1}));
    const caffe::UnpoolingParameter& p = param().unpooling_param();
    has_size_ = p.has_unpool_size() || p.has_unpool_h() || p.has_unpool_w();
    if (has_size_) {
      ASSIGN_OR_RETURN(
          size_, ReadPair({"unpooling_param.unpool_size", p.has_unpool_size(),
                           p.has_unpool_h(), p.has_unpool_w(), p.unpool_size(),
                           p.unpool_h(), p.unpool_w(), 1}));
    }
    // A mask and a size need no window.
    const bool has_kernel =
        p.has_kernel_size() || p.has_kernel_h() || p.has_kernel_w();
    if (has_kernel || !has_size_ || bottoms.size() == 1) {
      ASSIGN_OR_RETURN(
          window_.kernel,
          ReadPair({"unpooling_param.kernel_size", p.has_kernel_size(),
                    p.has_kernel_h(), p.has_kernel_w(), p.kernel_size(),
                    p.kernel_h(), p.kernel_w(), 1}));
    }
    ASSIGN_OR_RETURN(window_.stride,
                     ReadPair({"unpooling_param.stride", p.has_stride(),
                               p.has_stride_h(), p.has_stride_w(), p.stride(),
                               p.stride_h(), p.stride_w(), 1}));
    ASSIGN_OR_RETURN(window_.pad, ReadPair({"unpooling_param.pad", p.has_pad(),
                                            p.has_pad_h(), p.has_pad_w(),
                                            p.pad(), p.pad_h(), p.pad_w(), 0}));
    if (has_kernel && (window_.pad.h >= window_.kernel.h ||
                       window_.pad.w >= window_.kernel.w)) {
      return FieldError("unpooling_param.pad",
                        "must be smaller than the kernel");
    }
    return absl::OkStatus();
  }

  absl::Status Reshape(absl::Span<const Shape> bottoms,
                       std::vector<Shape>* tops) override {
    const Shape& x = bottoms[0];
    RETURN_IF_ERROR(CheckMask(x, bottoms.back()));
    PoolGeometry::Pair size = size_;
    if (!has_size_) {
      size.h =
          (x[2] - 1) * window_.stride.h - 2 * window_.pad.h + window_.kernel.h;
      size.w =
          (x[3] - 1) * window_.stride.w - 2 * window_.pad.w + window_.kernel.w;
    }
    if (size.h < 1 || size.w < 1) {
      return BottomError(absl::StrCat("a bottom of shape ", x.ToString(),
                                      " leaves a top of ", size.h, "x", size.w,
                                      " pixels"));
    }
    ASSIGN_OR_RETURN((*tops)[0], Shape::Create({x[0], x[1], size.h, size.w}));
    return absl::OkStatus();
  }

  absl::Status Forward(Bottoms bottoms, Tops tops) override {
    if (bottoms.size() == 2) {
      return ScatterByMask(*bottoms[0], *bottoms[1], tops[0]);
    }
    const float* x = bottoms[0]->data();
    float* y = tops[0]->DataToOverwrite();
    std::fill_n(y, tops[0]->num_elements(), 0.0f);
    // Of MAX windows that begin at one pixel the last one wins.
    const bool adds = method() != caffe::UnpoolingParameter::MAX;
    ForEachPixel(bottoms[0]->shape(), tops[0]->shape(),
                 [=](int64_t in, int64_t out, float weight) {
                   y[out] = (adds ? y[out] : 0) + weight * x[in];
                 });
    return absl::OkStatus();
  }

  absl::Status Backward(const BackwardPass& pass) override {
    if (pass.bottoms.size() == 2) {
      GatherByMask(*pass.top_diffs[0], *pass.bottoms[1], pass.bottom_diffs[0]);
      return absl::OkStatus();
    }
    const float* dy = pass.top_diffs[0]->data();
    float* dx = pass.bottom_diffs[0]->data();
    std::fill_n(dx, pass.bottom_diffs[0]->num_elements(), 0.0f);
    ForEachPixel(pass.bottoms[0]->shape(), pass.tops[0]->shape(),
                 [=](int64_t in, int64_t out, float weight) {
                   dx[in] += weight * dy[out];
                 });
    return absl::OkStatus();
  }

  bool IsDifferentiable(int bottom) const override { return bottom == 0; }

 private:
  caffe::UnpoolingParameter::Method method() const {
    return param().unpooling_param().unpool();
  }

  // The pixels of the top that value (h, w) of a plane goes to, and the size
  // that AVE divides by.
  struct Target {
    PoolGeometry::Window rows;
    PoolGeometry::Window columns;
  };

  Target TargetOf(int64_t h, int64_t w, const Shape& top) const {
    if (method() != caffe::UnpoolingParameter::MAX) {
      return {window_.Rows(h, top[2]), window_.Columns(w, top[3])};
    }
    const int64_t row = std::clamp<int64_t>(
        h * window_.stride.h - window_.pad.h, 0, top[2] - 1);
    const int64_t column = std::clamp<int64_t>(
        w * window_.stride.w - window_.pad.w, 0, top[3] - 1);
    return {{row, row + 1, 1}, {column, column + 1, 1}};
  }

  // Calls visit(index in the bottom, index in the top, weight) for every pixel
  // that a value goes to.
  template <typename Visit>
  void ForEachPixel(const Shape& x, const Shape& top,
                    const Visit& visit) const {
    const bool divides = method() == caffe::UnpoolingParameter::AVE;
    const int64_t planes = x.Count(0, 2);
#pragma omp parallel for
    for (int64_t plane = 0; plane < planes; ++plane) {
      for (int64_t i = 0; i < x.Count(2); ++i) {
        const Target target = TargetOf(i / x[3], i % x[3], top);
        const int64_t size =
            target.rows.padded_size * target.columns.padded_size;
        const float weight = divides ? 1 / static_cast<float>(size) : 1.0f;
        for (int64_t h = target.rows.begin; h < target.rows.end; ++h) {
          for (int64_t w = target.columns.begin; w < target.columns.end; ++w) {
            visit(plane * x.Count(2) + i, plane * top.Count(2) + h * top[3] + w,
                  weight);
          }
        }
      }
    }
  }

  bool has_size_ = false;
  PoolGeometry::Pair size_;  // Of the top.
  PoolGeometry window_;
};

}  // namespace

std::unique_ptr<Layer> MakeUnpoolingLayer(const caffe::LayerParameter& param,
                                          caffe::Phase phase) {
  return std::make_unique<UnpoolingLayer>(param, phase);
}

}  // namespace quantd
