// Eltwise: sum (with coefficients), product or maximum of equal shapes.
#include <algorithm>
#include <memory>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/core/layer.h"
#include "engine/kernels/cpu/matched_buffers.h"
#include "engine/layers/checks.h"

namespace quantd {
namespace {

class EltwiseLayer : public Layer {
 public:
  using Layer::Layer;

  absl::Status SetUp(absl::Span<const Shape> bottoms, int num_tops) override {
    RETURN_IF_ERROR(CheckArity(bottoms, {2, Arity::kAny}, num_tops, {1, 1}));
    const caffe::EltwiseParameter& eltwise = param().eltwise_param();
    if (eltwise.coeff_size() == 0) {
      coeffs_.assign(bottoms.size(), 1.0f);
      return absl::OkStatus();
    }
    coeffs_.assign(eltwise.coeff().begin(), eltwise.coeff().end());
    if (eltwise.operation() != caffe::EltwiseParameter::SUM) {
      return FieldError("eltwise_param.coeff", "is for operation SUM only");
    }
    if (coeffs_.size() != bottoms.size()) {
      return FieldError("eltwise_param.coeff",
                        absl::StrCat("is given ", coeffs_.size(), " times for ",
                                     bottoms.size(), " bottoms"));
    }
    return absl::OkStatus();
  }

  absl::Status Reshape(absl::Span<const Shape> bottoms,
                       std::vector<Shape>* tops) override {
    for (size_t i = 1; i < bottoms.size(); ++i) {
      if (bottoms[i] != bottoms[0]) {
        return BottomError(
            absl::StrCat("bottom ", i, " has shape ", bottoms[i].ToString(),
                         ", but bottom 0 has ", bottoms[0].ToString()));
      }
    }
    (*tops)[0] = bottoms[0];
    return absl::OkStatus();
  }

  absl::Status Forward(Bottoms bottoms, Tops tops) override {
    ASSIGN_OR_RETURN(const MatchedBuffers buffers,
                     MatchBuffers(bottoms, tops[0]));
    First(buffers);
    for (size_t i = 2; i < bottoms.size(); ++i) {
      Further(buffers.src[i], coeffs_[i], buffers.count, buffers.dst);
    }
    return absl::OkStatus();
  }

  absl::Status Backward(const BackwardPass& pass) override {
    for (size_t i = 0; i < pass.bottoms.size(); ++i) {
      if (pass.bottom_diffs[i] == nullptr) continue;
      switch (param().eltwise_param().operation()) {
        case caffe::EltwiseParameter::SUM:
          BackwardSum(pass, i);
          break;
        case caffe::EltwiseParameter::PROD:
          BackwardProduct(pass, i);
          break;
        case caffe::EltwiseParameter::MAX:
          BackwardMaximum(pass, i);
          break;
      }
    }
    return absl::OkStatus();
  }

 private:
  void BackwardSum(const BackwardPass& pass, size_t bottom) const {
    const float coeff = coeffs_[bottom];
    const float* dy = pass.top_diffs[0]->data();
    float* dx = pass.bottom_diffs[bottom]->data();
    const int64_t n = pass.tops[0]->num_elements();
    for (int64_t i = 0; i < n; ++i) dx[i] = coeff * dy[i];
  }

  // stable_prod_grad multiplies the other bottoms; without it y is divided by
  // the bottom, which is not finite where that is 0, as in Caffe.
  void BackwardProduct(const BackwardPass& pass, size_t bottom) const {
    const float* y = pass.tops[0]->data();
    const float* dy = pass.top_diffs[0]->data();
    float* dx = pass.bottom_diffs[bottom]->data();
    const int64_t n = pass.tops[0]->num_elements();
    if (!param().eltwise_param().stable_prod_grad()) {
      const float* x = pass.bottoms[bottom]->data();
      for (int64_t i = 0; i < n; ++i) dx[i] = y[i] / x[i] * dy[i];
      return;
    }
    std::copy_n(dy, n, dx);
    for (size_t other = 0; other < pass.bottoms.size(); ++other) {
      if (other == bottom) continue;
      const float* x = pass.bottoms[other]->data();
      for (int64_t i = 0; i < n; ++i) dx[i] *= x[i];
    }
  }

  // The gradient goes to the bottom that Forward() took: a later one wins over
  // the maximum before it if greater, bottom 1 over bottom 0 if not less.
  void BackwardMaximum(const BackwardPass& pass, size_t bottom) const {
    const float* dy = pass.top_diffs[0]->data();
    float* dx = pass.bottom_diffs[bottom]->data();
    const int64_t n = pass.tops[0]->num_elements();
    std::vector<const float*> x;
    for (const Tensor* tensor : pass.bottoms) x.push_back(tensor->data());
    for (int64_t i = 0; i < n; ++i) {
      size_t winner = x[0][i] > x[1][i] ? 0 : 1;
      for (size_t other = 2; other < x.size(); ++other) {
        if (x[other][i] > x[winner][i]) winner = other;
      }
      dx[i] = winner == bottom ? dy[i] : 0;
    }
  }

  void First(const MatchedBuffers& buffers) const {
    const float* a = buffers.src[0];
    const float* b = buffers.src[1];
    const float c0 = coeffs_[0];
    const float c1 = coeffs_[1];
    float* y = buffers.dst;
    const int64_t n = buffers.count;
    switch (param().eltwise_param().operation()) {
      case caffe::EltwiseParameter::SUM:
#pragma omp parallel for simd
        for (int64_t i = 0; i < n; ++i) y[i] = c0 * a[i] + c1 * b[i];
        break;
      case caffe::EltwiseParameter::PROD:
#pragma omp parallel for simd
        for (int64_t i = 0; i < n; ++i) y[i] = a[i] * b[i];
        break;
      case caffe::EltwiseParameter::MAX:
#pragma omp parallel for simd
        for (int64_t i = 0; i < n; ++i) y[i] = a[i] > b[i] ? a[i] : b[i];
        break;
    }
  }

  void Further(const float* x, float coeff, int64_t n, float* y) const {
    switch (param().eltwise_param().operation()) {
      case caffe::EltwiseParameter::SUM:
#pragma omp parallel for simd
        for (int64_t i = 0; i < n; ++i) y[i] += coeff * x[i];
        break;
      case caffe::EltwiseParameter::PROD:
#pragma omp parallel for simd
        for (int64_t i = 0; i < n; ++i) y[i] *= x[i];
        break;
      case caffe::EltwiseParameter::MAX:
#pragma omp parallel for simd
        for (int64_t i = 0; i < n; ++i) y[i] = x[i] > y[i] ? x[i] : y[i];
        break;
    }
  }

  std::vector<float> coeffs_;  // One a bottom.
};

}  // namespace

std::unique_ptr<Layer> MakeEltwiseLayer(const caffe::LayerParameter& param,
                                        caffe::Phase phase) {
  return std::make_unique<EltwiseLayer>(param, phase);
}

}  // namespace quantd
