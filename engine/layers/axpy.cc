// Axpy (SENet): y = a * x + b; a is (N, C) or (N, C, 1, 1), x, b and y are (N,
// C, ...).
#include <algorithm>
#include <memory>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/core/layer.h"
#include "engine/layers/checks.h"

namespace quantd {
namespace {

class AxpyLayer : public Layer {
 public:
  using Layer::Layer;

  absl::Status SetUp(absl::Span<const Shape> bottoms, int num_tops) override {
    return CheckArity(bottoms, {3, 3}, num_tops, {1, 1});
  }

  absl::Status Reshape(absl::Span<const Shape> bottoms,
                       std::vector<Shape>* tops) override {
    const Shape& a = bottoms[0];
    const Shape& x = bottoms[1];
    if (a.num_axes() < 2 || x.num_axes() < 2 || a[0] != x[0] || a[1] != x[1] ||
        a.Count(2) != 1) {
      return BottomError(absl::StrCat("bottom 0 has shape ", a.ToString(),
                                      ", but bottom 1 of shape ", x.ToString(),
                                      " needs one factor per channel"));
    }
    if (bottoms[2] != x) {
      return BottomError(absl::StrCat("bottom 2 has shape ",
                                      bottoms[2].ToString(),
                                      ", but bottom 1 has ", x.ToString()));
    }
    (*tops)[0] = x;
    return absl::OkStatus();
  }

  absl::Status Forward(Bottoms bottoms, Tops tops) override {
    const float* a = bottoms[0]->data();
    const float* x = bottoms[1]->data();
    const float* b = bottoms[2]->data();
    float* y = tops[0]->DataToOverwrite();
    const int64_t planes = bottoms[0]->num_elements();
    const int64_t size = bottoms[1]->shape().Count(2);
#pragma omp parallel for
    for (int64_t plane = 0; plane < planes; ++plane) {
      const float factor = a[plane];
      for (int64_t i = plane * size; i < (plane + 1) * size; ++i) {
        y[i] = factor * x[i] + b[i];
      }
    }
    return absl::OkStatus();
  }

  absl::Status Backward(const BackwardPass& pass) override {
    const Tensor& dy = *pass.top_diffs[0];
    if (pass.bottom_diffs[0] != nullptr) {
      FactorDiff(*pass.bottoms[1], dy, pass.bottom_diffs[0]);
    }
    if (pass.bottom_diffs[1] != nullptr) {
      ScaledDiff(*pass.bottoms[0], dy, pass.bottom_diffs[1]);
    }
    if (pass.bottom_diffs[2] != nullptr) {
      std::copy_n(dy.data(), dy.num_elements(), pass.bottom_diffs[2]->data());
    }
    return absl::OkStatus();
  }

 private:
  static void FactorDiff(const Tensor& x, const Tensor& dy, Tensor* da) {
    const int64_t planes = da->num_elements();
    const int64_t size = x.shape().Count(2);
    const float* values = x.data();
    const float* from = dy.data();
    float* to = da->data();
#pragma omp parallel for
    for (int64_t plane = 0; plane < planes; ++plane) {
      double sum = 0;
      for (int64_t i = plane * size; i < (plane + 1) * size; ++i) {
        sum += static_cast<double>(from[i]) * values[i];
      }
      to[plane] = static_cast<float>(sum);
    }
  }

  static void ScaledDiff(const Tensor& a, const Tensor& dy, Tensor* dx) {
    const int64_t planes = a.num_elements();
    const int64_t size = dx->shape().Count(2);
    const float* factors = a.data();
    const float* from = dy.data();
    float* to = dx->data();
#pragma omp parallel for
    for (int64_t plane = 0; plane < planes; ++plane) {
      for (int64_t i = plane * size; i < (plane + 1) * size; ++i) {
        to[i] = factors[plane] * from[i];
      }
    }
  }
};

}  // namespace

std::unique_ptr<Layer> MakeAxpyLayer(const caffe::LayerParameter& param,
                                     caffe::Phase phase) {
  return std::make_unique<AxpyLayer>(param, phase);
}

}  // namespace quantd
