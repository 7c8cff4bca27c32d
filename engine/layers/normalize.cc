// Normalize: y = x / sqrt(sum x^2 + eps) * scale * sqrt_a, the sum over each
// item (across_spatial) or over the channels of each pixel. Blob: scale, one
// value or one per channel.
//
// Another fork has a layer without scale under this name: x over the L2 or L1
// norm of each pixel's channels, 1e-6 added to the sum; the norms are an
// optional second top, which has a gradient if bp_norm says so. That is meant
// by normalize_param, and by neither it nor norm_param if the model carries no
// scale.
#include <algorithm>
#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/core/filler.h"
#include "engine/core/layer.h"
#include "engine/kernels/vector_norm.h"
#include "engine/layers/channel_broadcast.h"
#include "engine/layers/checks.h"

namespace quantd {
namespace {

constexpr float kEpsWithoutScale = 1e-6f;

class NormalizeLayer : public Layer {
 public:
  using Layer::Layer;

  absl::Status SetUp(absl::Span<const Shape> bottoms, int num_tops) override {
    has_scale_ = !param().has_normalize_param() &&
                 (param().has_norm_param() || !expected_blobs().empty());
    RETURN_IF_ERROR(
        CheckArity(bottoms, {1, 1}, num_tops, {1, has_scale_ ? 1 : 2}));
    RETURN_IF_ERROR(CheckEps("norm_param.eps", p().eps()));
    const std::string& kind = param().normalize_param().normalize_type();
    if (kind != "L1" && kind != "L2") {
      return FieldError("normalize_param.normalize_type",
                        absl::StrCat("is \"", kind, "\"; it must be L1 or L2"));
    }
    norm_.eps = has_scale_ ? p().eps() : kEpsWithoutScale;
    norm_.l1 = !has_scale_ && kind == "L1";
    RETURN_IF_ERROR(CheckHasChannels(bottoms[0]));
    channels_ = bottoms[0][1];
    if (!has_scale_) return absl::OkStatus();
    const caffe::FillerParameter filler =
        p().has_scale_filler() ? p().scale_filler() : ConstantFiller(1);
    if (p().channel_shared()) return AddBlob({}, filler);
    return AddBlob({channels_}, filler);
  }

  absl::Status Reshape(absl::Span<const Shape> bottoms,
                       std::vector<Shape>* tops) override {
    const Shape& shape = bottoms[0];
    RETURN_IF_ERROR(CheckHasChannels(shape));
    RETURN_IF_ERROR(CheckChannels(shape, shape[1], channels_));
    const bool whole_items = has_scale_ && p().across_spatial();
    norm_.outer = shape[0];
    norm_.dim = whole_items ? shape.Count(1) : channels_;
    norm_.inner = whole_items ? 1 : shape.Count(2);
    ASSIGN_OR_RETURN(affine_,
                     ChannelBroadcast::OfBlob(
                         shape, 1, p().channel_shared() ? 0 : 1, "norm_param"));
    (*tops)[0] = shape;
    if (tops->size() < 2) return absl::OkStatus();
    std::vector<int64_t> dims = shape.dims();
    dims[1] = 1;
    ASSIGN_OR_RETURN((*tops)[1], Shape::Create(dims));
    return absl::OkStatus();
  }

  absl::Status Forward(Bottoms bottoms, Tops tops) override {
    const float* x = bottoms[0]->data();
    float* y = tops[0]->data();
    const int64_t n = tops[0]->num_elements();
    if (n == 0 && tops.size() == 1) return absl::OkStatus();
    norms_.resize(norm_.outer * norm_.inner);
    norm_.Forward(x, y, norms_.data());
    if (tops.size() > 1) {
      std::copy(norms_.begin(), norms_.end(), tops[1]->DataToOverwrite());
    }
    if (!has_scale_) return absl::OkStatus();
    if (expects_backward()) {
      RETURN_IF_ERROR(normalized_.Resize(tops[0]->shape()));
      std::copy_n(y, n, normalized_.DataToOverwrite());
    }
    TakeScale();
    affine_.Apply(y, scale_.data(), nullptr, y);
    return absl::OkStatus();
  }

  absl::Status Backward(const BackwardPass& pass) override {
    if (pass.tops[0]->num_elements() == 0) return absl::OkStatus();
    const float* dy = pass.top_diffs[0]->data();
    if (WantsBlobDiff(0)) AddScaleGradient(dy);
    if (pass.bottom_diffs[0] == nullptr) return absl::OkStatus();
    float* dx = pass.bottom_diffs[0]->data();
    if (has_scale_) {
      affine_.Apply(dy, scale_.data(), nullptr, dx);
      dy = dx;
    }
    const Tensor& normalized = has_scale_ ? normalized_ : *pass.tops[0];
    norm_.Backward(normalized.data(), norms_.data(), dy, dx);
    if (pass.tops.size() > 1 && param().normalize_param().bp_norm()) {
      norm_.AddBackwardOfNorms(normalized.data(), pass.top_diffs[1]->data(),
                               dx);
    }
    return absl::OkStatus();
  }

  bool AllowsInPlace() const override { return true; }

 private:
  const caffe::NormalizeParameter& p() const { return param().norm_param(); }

  void TakeScale() {
    const absl::Span<const float> blob = blobs_[0].values();
    scale_.assign(blob.begin(), blob.end());
    for (float& value : scale_) value *= p().sqrt_a();
  }

  void AddScaleGradient(const float* dy) {
    std::vector<float> sums(scale_.size(), 0.0f);
    affine_.AddSums(dy, normalized_.values().data(), sums.data());
    float* diff = blob_diff(0).data();
    for (size_t i = 0; i < sums.size(); ++i) diff[i] += sums[i] * p().sqrt_a();
  }

  bool has_scale_ = true;
  int64_t channels_ = 1;
  VectorNorm norm_;
  ChannelBroadcast affine_;
  std::vector<float> norms_;
  std::vector<float> scale_;  // With sqrt_a.
  Tensor normalized_;         // Before the scale.
};

}  // namespace

std::unique_ptr<Layer> MakeNormalizeLayer(const caffe::LayerParameter& param,
                                          caffe::Phase phase) {
  return std::make_unique<NormalizeLayer>(param, phase);
}

}  // namespace quantd
