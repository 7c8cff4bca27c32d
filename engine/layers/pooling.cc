// Pooling: MAX and AVE over windows of (N, C, H, W).
// top[1] of MAX is the index h * W + w of the maximum in its plane.
#include <algorithm>
#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "engine/core/layer.h"
#include "engine/kernels/cpu/pooling.h"
#include "engine/kernels/pool_geometry.h"
#include "engine/kernels/reference/pooling.h"
#include "engine/layers/checks.h"

namespace quantd {
namespace {

constexpr int64_t kMaxSize = 65535;

// One of kernel, stride, pad: given once, or by _h and _w.
struct PairField {
  const char* name;
  bool has_both, has_h, has_w;
  int64_t both, h, w;
  int64_t min;
};

absl::StatusOr<PoolGeometry::Pair> ReadPair(const PairField& f) {
  const std::string path = absl::StrCat("pooling_param.", f.name);
  if (f.has_both && (f.has_h || f.has_w)) {
    return FieldError(path,
                      "is given together with its _h and _w forms; keep one");
  }
  const bool split = f.has_h || f.has_w;
  const PoolGeometry::Pair pair =
      split ? PoolGeometry::Pair{f.h, f.w} : PoolGeometry::Pair{f.both, f.both};
  for (int64_t size : {pair.h, pair.w}) {
    if (size < f.min || size > kMaxSize) {
      return FieldError(path, absl::StrCat("is ", size, "; it must be in [",
                                           f.min, ", ", kMaxSize, "]"));
    }
  }
  return pair;
}

class PoolingLayer : public Layer {
 public:
  using Layer::Layer;

  absl::Status SetUp(absl::Span<const Shape> bottoms, int num_tops) override {
    const caffe::PoolingParameter& p = param().pooling_param();
    const bool is_max = p.pool() == caffe::PoolingParameter::MAX;
    RETURN_IF_ERROR(CheckArity(bottoms, {1, 1}, num_tops, {1, is_max ? 2 : 1}));
    if (p.pool() == caffe::PoolingParameter::STOCHASTIC) {
      return Error(absl::StatusCode::kUnimplemented, "NETWORK_UNSUPPORTED",
                   "pooling_param.pool STOCHASTIC is not supported; use MAX or "
                   "AVE",
                   {{"field", "pooling_param.pool"}});
    }
    geometry_.method = is_max ? PoolGeometry::kMax : PoolGeometry::kAverage;
    geometry_.round_up = p.has_round_mode()
                             ? p.round_mode() == caffe::PoolingParameter::CEIL
                             : p.ceil_mode();
    return ReadSizes(p);
  }

  absl::Status Reshape(absl::Span<const Shape> bottoms,
                       std::vector<Shape>* tops) override {
    const Shape& bottom = bottoms[0];
    if (bottom.num_axes() != 4) {
      return BottomError(absl::StrCat("a bottom of shape ", bottom.ToString(),
                                      " has not the 4 axes (N, C, H, W)"));
    }
    if (param().pooling_param().global_pooling()) {
      geometry_.kernel = {bottom[2], bottom[3]};
    }
    const int64_t h = geometry_.OutputHeight(bottom[2]);
    const int64_t w = geometry_.OutputWidth(bottom[3]);
    if (h < 1 || w < 1) {
      return FieldError(
          "pooling_param.kernel_size",
          absl::StrCat("(", geometry_.kernel.h, "x", geometry_.kernel.w,
                       ") is larger than the padded input of shape ",
                       bottom.ToString()));
    }
    for (Shape& top : *tops) {
      ASSIGN_OR_RETURN(top, Shape::Create({bottom[0], bottom[1], h, w}));
    }
    return absl::OkStatus();
  }

  absl::Status Forward(Bottoms bottoms, Tops tops) override {
    if (tops.size() == 1 &&
        CpuPooling::Supports(geometry_, bottoms[0]->shape())) {
      return kernel_.Run(geometry_, *bottoms[0], tops[0]);
    }
    ReferencePooling(geometry_, *bottoms[0], tops[0],
                     tops.size() > 1 ? tops[1] : nullptr);
    return absl::OkStatus();
  }

  absl::Status Backward(const BackwardPass& pass) override {
    ReferencePoolingBackward(geometry_, *pass.bottoms[0], *pass.top_diffs[0],
                             pass.bottom_diffs[0]);
    return absl::OkStatus();
  }

 private:
  absl::Status ReadSizes(const caffe::PoolingParameter& p) {
    if (p.global_pooling()) return CheckGlobal(p);
    ASSIGN_OR_RETURN(
        geometry_.kernel,
        ReadPair({"kernel_size", p.has_kernel_size(), p.has_kernel_h(),
                  p.has_kernel_w(), p.kernel_size(), p.kernel_h(), p.kernel_w(),
                  1}));
    ASSIGN_OR_RETURN(
        geometry_.stride,
        ReadPair({"stride", p.has_stride(), p.has_stride_h(), p.has_stride_w(),
                  p.stride(), p.stride_h(), p.stride_w(), 1}));
    ASSIGN_OR_RETURN(geometry_.pad,
                     ReadPair({"pad", p.has_pad(), p.has_pad_h(), p.has_pad_w(),
                               p.pad(), p.pad_h(), p.pad_w(), 0}));
    if (geometry_.pad.h >= geometry_.kernel.h ||
        geometry_.pad.w >= geometry_.kernel.w) {
      return FieldError("pooling_param.pad", "must be smaller than the kernel");
    }
    return absl::OkStatus();
  }

  static absl::Status CheckGlobal(const caffe::PoolingParameter& p) {
    if (p.has_kernel_size() || p.has_kernel_h() || p.has_kernel_w()) {
      return FieldError("pooling_param.kernel_size",
                        "is given together with global_pooling; keep one");
    }
    const bool has_others = p.pad() != 0 || p.pad_h() != 0 || p.pad_w() != 0 ||
                            p.stride() != 1 ||
                            (p.has_stride_h() && p.stride_h() != 1) ||
                            (p.has_stride_w() && p.stride_w() != 1);
    if (!has_others) return absl::OkStatus();
    return FieldError("pooling_param.global_pooling",
                      "takes no pad and no stride other than 1");
  }

  PoolGeometry geometry_;
  CpuPooling kernel_;
};

}  // namespace

std::unique_ptr<Layer> MakePoolingLayer(const caffe::LayerParameter& param,
                                        caffe::Phase phase) {
  return std::make_unique<PoolingLayer>(param, phase);
}

}  // namespace quantd
