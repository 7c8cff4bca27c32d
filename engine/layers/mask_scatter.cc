#include "engine/layers/mask_scatter.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "engine/layers/checks.h"

namespace quantd {

absl::Status ScatterByMask(const Tensor& x, const Tensor& mask, Tensor* y) {
  const int64_t planes = x.shape().Count(0, 2);
  const int64_t in_size = x.shape().Count(2), out_size = y->shape().Count(2);
  const float* from = x.data();
  const float* index = mask.data();
  float* to = y->DataToOverwrite();
  std::fill_n(to, y->num_elements(), 0.0f);
  for (int64_t plane = 0; plane < planes; ++plane) {
    for (int64_t i = 0; i < in_size; ++i) {
      const float target = index[plane * in_size + i];
      // Written so that NaN fails.
      if (!(target >= 0 && target < static_cast<float>(out_size))) {
        return InputError(absl::StrCat("the mask has index ", target,
                                       ", but a plane of the top has ",
                                       out_size, " pixels"));
      }
      to[plane * out_size + static_cast<int64_t>(target)] =
          from[plane * in_size + i];
    }
  }
  return absl::OkStatus();
}

void GatherByMask(const Tensor& dy, const Tensor& mask, Tensor* dx) {
  const int64_t planes = dx->shape().Count(0, 2);
  const int64_t in_size = dx->shape().Count(2), out_size = dy.shape().Count(2);
  const float* from = dy.data();
  const float* index = mask.data();
  float* to = dx->data();
  for (int64_t plane = 0; plane < planes; ++plane) {
    for (int64_t i = plane * in_size; i < (plane + 1) * in_size; ++i) {
      to[i] = from[plane * out_size + static_cast<int64_t>(index[i])];
    }
  }
}

absl::Status CheckMask(const Shape& x, const Shape& mask) {
  if (x.num_axes() == 4 && x == mask) return absl::OkStatus();
  return BottomError(absl::StrCat("the bottoms have shapes ", x.ToString(),
                                  " and ", mask.ToString(),
                                  "; both must be the same (N, C, H, W)"));
}

}  // namespace quantd
