// Upsample and UpsampleDarknet: enlarging (N, C, H, W) by whole factors.
// One bottom: each pixel repeated. The factors are, of the fields that are
// given: stride, stride_h, stride_w (CANN's dialect: y = scale * x);
// scale_h, scale_w; scale (SS928's and the forks' dialect); without any, 2.
// Two bottoms (SegNet): data and the mask of a max pooling, whose indices say
// where in the top each value goes; the rest is 0. The top's size is upsample_h
// x upsample_w, or the factors' less pad_out_h, pad_out_w.
// UpsampleDarknet: one bottom, factor upsample_darknet_param.stride.
#include <memory>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/core/layer.h"
#include "engine/layers/checks.h"
#include "engine/layers/mask_scatter.h"
#include "engine/layers/resize_axes.h"

namespace quantd {
namespace {

constexpr int64_t kMaxFactor = 65535;
constexpr int64_t kDefaultFactor = 2;

absl::Status CheckFactor(absl::string_view field, double factor) {
  if (factor >= 1 && factor <= kMaxFactor &&
      factor == static_cast<double>(static_cast<int64_t>(factor))) {
    return absl::OkStatus();
  }
  return FieldError(
      field, absl::StrCat("is ", factor, "; it must be a whole number in [1, ",
                          kMaxFactor, "]"));
}

// What the parameters say.
struct Factors {
  int64_t h = kDefaultFactor;
  int64_t w = kDefaultFactor;
  float multiplier = 1;  // Of the values.
};

absl::StatusOr<Factors> ReadFactors(const caffe::UpsampleParameter& p) {
  Factors factors;
  if (p.has_stride() || p.has_stride_h() || p.has_stride_w()) {
    factors.h = p.has_stride_h() ? p.stride_h() : p.stride();
    factors.w = p.has_stride_w() ? p.stride_w() : p.stride();
    factors.multiplier = p.scale();
    RETURN_IF_ERROR(CheckFactor("upsample_param.stride_h", factors.h));
    RETURN_IF_ERROR(CheckFactor("upsample_param.stride_w", factors.w));
    return factors;
  }
  if (p.has_scale_h() != p.has_scale_w()) {
    return FieldError("upsample_param.scale_h",
                      "and scale_w must be given together");
  }
  if (p.has_scale_h()) {
    if (p.has_scale()) {
      return FieldError("upsample_param.scale",
                        "is given together with scale_h and scale_w; keep one");
    }
    RETURN_IF_ERROR(CheckFactor("upsample_param.scale_h", p.scale_h()));
    RETURN_IF_ERROR(CheckFactor("upsample_param.scale_w", p.scale_w()));
    factors.h = p.scale_h();
    factors.w = p.scale_w();
  } else if (p.has_scale()) {
    RETURN_IF_ERROR(CheckFactor("upsample_param.scale", p.scale()));
    factors.h = factors.w = static_cast<int64_t>(p.scale());
  }
  return factors;
}

class UpsampleLayer : public Layer {
 public:
  UpsampleLayer(const caffe::LayerParameter& param, caffe::Phase phase,
                bool is_darknet)
      : Layer(param, phase), is_darknet_(is_darknet) {}

  absl::Status SetUp(absl::Span<const Shape> bottoms, int num_tops) override {
    RETURN_IF_ERROR(
        CheckArity(bottoms, {1, is_darknet_ ? 1 : 2}, num_tops, {1, 1}));
    if (is_darknet_) {
      const int64_t stride = param().upsample_darknet_param().stride();
      RETURN_IF_ERROR(CheckFactor("upsample_darknet_param.stride", stride));
      factors_ = {stride, stride, 1};
      return absl::OkStatus();
    }
    const caffe::UpsampleParameter& p = param().upsample_param();
    ASSIGN_OR_RETURN(factors_, ReadFactors(p));
    if (p.has_upsample_h() == p.has_upsample_w()) return absl::OkStatus();
    return FieldError("upsample_param.upsample_h",
                      "and upsample_w must be given together");
  }

  absl::Status Reshape(absl::Span<const Shape> bottoms,
                       std::vector<Shape>* tops) override {
    const Shape& x = bottoms[0];
    has_mask_ = bottoms.size() == 2;
    RETURN_IF_ERROR(CheckMask(x, bottoms.back()));
    const caffe::UpsampleParameter& p = param().upsample_param();
    int64_t h = x[2] * factors_.h;
    int64_t w = x[3] * factors_.w;
    if (has_mask_) {
      h = p.has_upsample_h() ? p.upsample_h() : h - p.pad_out_h();
      w = p.has_upsample_w() ? p.upsample_w() : w - p.pad_out_w();
    }
    ASSIGN_OR_RETURN((*tops)[0], Shape::Create({x[0], x[1], h, w}));
    if (!has_mask_) {
      axes_ = {{2, RepeatTaps(x[2], factors_.h)},
               {3, RepeatTaps(x[3], factors_.w)}};
    }
    return absl::OkStatus();
  }

  absl::Status Forward(Bottoms bottoms, Tops tops) override {
    if (has_mask_) return ScatterByMask(*bottoms[0], *bottoms[1], tops[0]);
    RETURN_IF_ERROR(Resize(*bottoms[0], axes_, tops[0]));
    Multiply(tops[0]);
    return absl::OkStatus();
  }

  absl::Status Backward(const BackwardPass& pass) override {
    if (has_mask_) {
      GatherByMask(*pass.top_diffs[0], *pass.bottoms[1], pass.bottom_diffs[0]);
      return absl::OkStatus();
    }
    RETURN_IF_ERROR(
        ResizeBackward(*pass.top_diffs[0], axes_, pass.bottom_diffs[0]));
    Multiply(pass.bottom_diffs[0]);
    return absl::OkStatus();
  }

  bool IsDifferentiable(int bottom) const override { return bottom == 0; }

 private:
  void Multiply(Tensor* values) const {
    if (factors_.multiplier == 1) return;
    for (float& value : values->values()) value *= factors_.multiplier;
  }

  const bool is_darknet_;
  Factors factors_;
  bool has_mask_ = false;
  std::vector<ResizeAxis> axes_;
};

}  // namespace

std::unique_ptr<Layer> MakeUpsampleLayer(const caffe::LayerParameter& param,
                                         caffe::Phase phase) {
  return std::make_unique<UpsampleLayer>(param, phase, /*is_darknet=*/false);
}

std::unique_ptr<Layer> MakeUpsampleDarknetLayer(
    const caffe::LayerParameter& param, caffe::Phase phase) {
  return std::make_unique<UpsampleLayer>(param, phase, /*is_darknet=*/true);
}

}  // namespace quantd
