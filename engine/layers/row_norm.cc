#include "engine/layers/row_norm.h"

#include <algorithm>

#include "base/status_macros.h"

namespace quantd {

absl::Status RowNorm::Forward(const Tensor& x, const Tensor* scale,
                              const Tensor* bias, bool keep, Tensor* y) {
  if (y->num_elements() == 0) return absl::OkStatus();
  factors_.resize(rows.rows);
  const float* from = x.data();
  float* to = y->data();
  rows.Forward(from, to, factors_.data());
  if (scale == nullptr) return absl::OkStatus();
  if (keep) {
    RETURN_IF_ERROR(standardized_.Resize(y->shape()));
    std::copy_n(to, y->num_elements(), standardized_.DataToOverwrite());
  }
  affine.Apply(to, scale->data(), bias == nullptr ? nullptr : bias->data(), to);
  return absl::OkStatus();
}

absl::Status RowNorm::Backward(const Tensor& y, const Tensor* scale,
                               const Tensor& dy, Tensor* dscale, Tensor* dbias,
                               Tensor* dx) {
  if (y.num_elements() == 0) return absl::OkStatus();
  const Tensor& value = scale == nullptr ? y : standardized_;
  const float* from = dy.data();
  if (dscale != nullptr) affine.AddSums(from, value.data(), dscale->data());
  if (dbias != nullptr) affine.AddSums(from, nullptr, dbias->data());
  if (dx == nullptr) return absl::OkStatus();
  float* to = dx->data();
  if (scale != nullptr) {
    affine.Apply(from, scale->data(), nullptr, to);
    from = to;
  }
  rows.Backward(value.data(), factors_.data(), from, to);
  return absl::OkStatus();
}

absl::Status RowNormLayer::Forward(Bottoms bottoms, Tops tops) {
  return norm_.Forward(*bottoms[0], scale(), bias(), expects_backward(),
                       tops[0]);
}

absl::Status RowNormLayer::Backward(const BackwardPass& pass) {
  return norm_.Backward(*pass.tops[0], scale(), *pass.top_diffs[0],
                        WantsBlobDiff(0) ? &blob_diff(0) : nullptr,
                        WantsBlobDiff(1) ? &blob_diff(1) : nullptr,
                        pass.bottom_diffs[0]);
}

}  // namespace quantd
