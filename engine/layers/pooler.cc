#include "engine/layers/pooler.h"

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/core/random.h"
#include "engine/kernels/reference/pooling.h"
#include "engine/kernels/reference/stochastic_pooling.h"
#include "engine/layers/checks.h"

namespace quantd {

absl::StatusOr<Shape> Pooler::OutputShape(const PoolGeometry& geometry,
                                          const Shape& src,
                                          absl::string_view kernel_field) {
  RETURN_IF_ERROR(CheckImageAxes(src));
  const int64_t h = geometry.OutputHeight(src[2]);
  const int64_t w = geometry.OutputWidth(src[3]);
  if (h < 1 || w < 1) {
    return FieldError(
        kernel_field,
        absl::StrCat("(", geometry.kernel.h, "x", geometry.kernel.w,
                     ") is larger than the padded input of shape ",
                     src.ToString()));
  }
  return Shape::Create({src[0], src[1], h, w});
}

absl::Status Pooler::Forward(const PoolGeometry& geometry, const Tensor& src,
                             Tensor* dst, Tensor* mask) {
  if (geometry.method == PoolGeometry::kStochastic) {
    ForwardStochastic(geometry, src, dst);
    return absl::OkStatus();
  }
  ran_kernel_ = mask == nullptr && CpuPooling::Supports(geometry, src.shape());
  if (ran_kernel_) {
    return expects_backward_ ? kernel_.RunTraining(geometry, src, dst)
                             : kernel_.Run(geometry, src, dst);
  }
  ReferencePooling(geometry, src, dst, mask);
  return absl::OkStatus();
}

void Pooler::ForwardStochastic(const PoolGeometry& geometry, const Tensor& src,
                               Tensor* dst) {
  if (phase_ == caffe::TEST) {
    ExpectedPooling(geometry, src, dst);
    return;
  }
  std::vector<float> uniform(dst->num_elements());
  Random random(seed_, num_passes_++);
  for (float& value : uniform) {
    value = static_cast<float>(random.Next() >> 40) * 0x1p-24f;
  }
  StochasticPooling(geometry, src, uniform, dst, &picks_);
}

absl::Status Pooler::Backward(const PoolGeometry& geometry, const Tensor& src,
                              const Tensor& diff_dst, Tensor* diff_src) {
  if (geometry.method != PoolGeometry::kStochastic) {
    if (ran_kernel_ && expects_backward_) {
      return kernel_.RunBackward(diff_dst, diff_src);
    }
    ReferencePoolingBackward(geometry, src, diff_dst, diff_src);
  } else if (phase_ == caffe::TEST) {
    ExpectedPoolingBackward(geometry, src, diff_dst, diff_src);
  } else {
    StochasticPoolingBackward(picks_, diff_dst, diff_src);
  }
  return absl::OkStatus();
}

}  // namespace quantd
