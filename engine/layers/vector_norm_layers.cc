// Layers that divide vectors by their norm and have no blobs:
// GRN: y = x / sqrt(sum x^2 + bias), over the channels of each pixel.
// LpNormalization: y = x / norm along `axis`, L2 or (p: 1) L1; a vector of
// zeros gives NaN.
#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/core/layer.h"
#include "engine/kernels/vector_norm.h"
#include "engine/layers/checks.h"

namespace quantd {
namespace {

class VectorNormLayer : public Layer {
 public:
  using Layer::Layer;

  absl::Status Forward(Bottoms bottoms, Tops tops) override {
    if (bottoms[0]->num_elements() == 0) return absl::OkStatus();
    norms_.resize(norm_.outer * norm_.inner);
    const float* x = bottoms[0]->data();
    norm_.Forward(x, tops[0]->data(), norms_.data());
    return absl::OkStatus();
  }

  absl::Status Backward(const BackwardPass& pass) override {
    if (pass.tops[0]->num_elements() == 0) return absl::OkStatus();
    norm_.Backward(pass.tops[0]->data(), norms_.data(),
                   pass.top_diffs[0]->data(), pass.bottom_diffs[0]->data());
    return absl::OkStatus();
  }

  bool AllowsInPlace() const override { return true; }

 protected:
  absl::Status ReshapeAlong(int64_t given_axis, absl::string_view field,
                            absl::Span<const Shape> bottoms,
                            std::vector<Shape>* tops) {
    ASSIGN_OR_RETURN(const int axis,
                     CanonicalAxis(bottoms[0], given_axis, field));
    norm_.outer = bottoms[0].Count(0, axis);
    norm_.dim = bottoms[0][axis];
    norm_.inner = bottoms[0].Count(axis + 1);
    (*tops)[0] = bottoms[0];
    return absl::OkStatus();
  }

  VectorNorm norm_;

 private:
  std::vector<float> norms_;
};

class GrnLayer : public VectorNormLayer {
 public:
  using VectorNormLayer::VectorNormLayer;

  absl::Status SetUp(absl::Span<const Shape> bottoms, int num_tops) override {
    RETURN_IF_ERROR(CheckArity(bottoms, {1, 1}, num_tops, {1, 1}));
    norm_.eps = param().grn_param().bias();
    return CheckEps("grn_param.bias", norm_.eps);
  }

  absl::Status Reshape(absl::Span<const Shape> bottoms,
                       std::vector<Shape>* tops) override {
    return ReshapeAlong(1, "the channels' axis", bottoms, tops);
  }
};

class LpNormalizationLayer : public VectorNormLayer {
 public:
  using VectorNormLayer::VectorNormLayer;

  absl::Status SetUp(absl::Span<const Shape> bottoms, int num_tops) override {
    RETURN_IF_ERROR(CheckArity(bottoms, {1, 1}, num_tops, {1, 1}));
    const caffe::LpNormalizationParameter& p = param().lp_normalization_param();
    norm_.l1 = p.p() == 1;
    if (p.axis_size() > 1) {
      return FieldError("lp_normalization_param.axis",
                        "is given more than once");
    }
    if (p.p() == 1 || p.p() == 2) return absl::OkStatus();
    return FieldError("lp_normalization_param.p",
                      absl::StrCat("is ", p.p(), "; it must be 1 or 2"));
  }

  absl::Status Reshape(absl::Span<const Shape> bottoms,
                       std::vector<Shape>* tops) override {
    const caffe::LpNormalizationParameter& p = param().lp_normalization_param();
    return ReshapeAlong(p.axis_size() == 0 ? -1 : p.axis(0),
                        "lp_normalization_param.axis", bottoms, tops);
  }
};

}  // namespace

std::unique_ptr<Layer> MakeGrnLayer(const caffe::LayerParameter& param,
                                    caffe::Phase phase) {
  return std::make_unique<GrnLayer>(param, phase);
}

std::unique_ptr<Layer> MakeLpNormalizationLayer(
    const caffe::LayerParameter& param, caffe::Phase phase) {
  return std::make_unique<LpNormalizationLayer>(param, phase);
}

}  // namespace quantd
