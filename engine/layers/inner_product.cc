// InnerProduct: y = x * W^T + b over the axes from `axis` on.
// Blobs: weights (M, K), or (K, M) with `transpose`; bias (M).
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/core/layer.h"
#include "engine/kernels/cpu/inner_product.h"
#include "engine/kernels/cpu/inner_product_backward.h"
#include "engine/layers/checks.h"
#include "engine/layers/fused_ops.h"

namespace quantd {
namespace {

class InnerProductLayer : public Layer {
 public:
  InnerProductLayer(const caffe::LayerParameter& param, caffe::Phase phase)
      : Layer(param, phase), kernel_(param.inner_product_param().transpose()) {}

  absl::Status SetUp(absl::Span<const Shape> bottoms, int num_tops) override {
    RETURN_IF_ERROR(CheckArity(bottoms, {1, 1}, num_tops, {1, 1}));
    const caffe::InnerProductParameter& p = param().inner_product_param();
    ASSIGN_OR_RETURN(axis_, bottoms[0].CanonicalAxis(p.axis()));
    num_in_ = bottoms[0].Count(axis_);
    num_out_ = p.num_output();
    if (num_out_ < 1 || num_out_ > INT32_MAX) {
      return FieldError("inner_product_param.num_output", "must be positive");
    }
    if (num_in_ < 1) return BottomError("a bottom has no values per item");
    std::vector<int64_t> dims = {num_out_, num_in_};
    if (p.transpose()) dims = {num_in_, num_out_};
    RETURN_IF_ERROR(AddBlob(dims, p.weight_filler()));
    if (!p.bias_term()) return absl::OkStatus();
    return AddBlob({num_out_}, p.bias_filler());
  }

  absl::Status Reshape(absl::Span<const Shape> bottoms,
                       std::vector<Shape>* tops) override {
    const Shape& bottom = bottoms[0];
    if (bottom.num_axes() < axis_ || bottom.Count(axis_) != num_in_) {
      return BottomError(absl::StrCat("a bottom of shape ", bottom.ToString(),
                                      " does not fit: the axes from ", axis_,
                                      " on must have ", num_in_, " values"));
    }
    std::vector<int64_t> dims(bottom.dims().begin(),
                              bottom.dims().begin() + axis_);
    dims.push_back(num_out_);
    ASSIGN_OR_RETURN((*tops)[0], Shape::Create(dims));
    return absl::OkStatus();
  }

  absl::Status Forward(Bottoms bottoms, Tops tops) override {
    const int64_t num_items = bottoms[0]->shape().Count(0, axis_);
    const Tensor* bias = blobs_.size() > 1 ? &blobs_[1] : nullptr;
    Tensor dst = tops[0]->Reshaped({num_items, num_out_});
    RETURN_IF_ERROR(kernel_.Run(bottoms[0]->Reshaped({num_items, num_in_}),
                                blobs_[0], bias, &dst));
    if (blobs_frozen() && dst.num_elements() > 0) blobs_[0] = Tensor();
    return absl::OkStatus();
  }

  bool Absorb(const Layer& next, int input) override {
    FusedOps ops = fused_ops_;
    if (!AppendFusedOp(next, input, {axis_, axis_ + 1, num_out_}, &ops) ||
        HasAdd(ops)) {
      return false;
    }
    fused_ops_ = std::move(ops);
    kernel_.Fuse(fused_ops_);
    return true;
  }

  absl::Status Backward(const BackwardPass& pass) override {
    const bool transposed = param().inner_product_param().transpose();
    const int64_t num_items = pass.bottoms[0]->shape().Count(0, axis_);
    const Tensor dy = pass.top_diffs[0]->Reshaped({num_items, num_out_});
    if (WantsBlobDiff(0)) {
      RETURN_IF_ERROR(InnerProductBackwardWeights(
          pass.bottoms[0]->Reshaped({num_items, num_in_}), transposed, dy,
          &blob_diff(0)));
    }
    if (WantsBlobDiff(1)) InnerProductBackwardBias(dy, &blob_diff(1));
    if (pass.bottom_diffs[0] == nullptr) return absl::OkStatus();
    Tensor dx = pass.bottom_diffs[0]->Reshaped({num_items, num_in_});
    return InnerProductBackwardData(blobs_[0], transposed, dy, &dx);
  }

  void BlobsChanged() override { kernel_.WeightsChanged(); }

 private:
  int axis_ = 1;
  int64_t num_in_ = 0;
  int64_t num_out_ = 0;
  FusedOps fused_ops_;
  CpuInnerProduct kernel_;
};

}  // namespace

std::unique_ptr<Layer> MakeInnerProductLayer(const caffe::LayerParameter& param,
                                             caffe::Phase phase) {
  return std::make_unique<InnerProductLayer>(param, phase);
}

}  // namespace quantd
