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

 private:
  void First(const MatchedBuffers& buffers) const {
    const float* a = buffers.src[0];
    const float* b = buffers.src[1];
    const float c0 = coeffs_[0];
    const float c1 = coeffs_[1];
    float* y = buffers.dst;
    const int64_t n = buffers.count;
    switch (param().eltwise_param().operation()) {
      case caffe::EltwiseParameter::SUM:
        for (int64_t i = 0; i < n; ++i) y[i] = c0 * a[i] + c1 * b[i];
        break;
      case caffe::EltwiseParameter::PROD:
        for (int64_t i = 0; i < n; ++i) y[i] = a[i] * b[i];
        break;
      case caffe::EltwiseParameter::MAX:
        for (int64_t i = 0; i < n; ++i) y[i] = a[i] > b[i] ? a[i] : b[i];
        break;
    }
  }

  void Further(const float* x, float coeff, int64_t n, float* y) const {
    switch (param().eltwise_param().operation()) {
      case caffe::EltwiseParameter::SUM:
        for (int64_t i = 0; i < n; ++i) y[i] += coeff * x[i];
        break;
      case caffe::EltwiseParameter::PROD:
        for (int64_t i = 0; i < n; ++i) y[i] *= x[i];
        break;
      case caffe::EltwiseParameter::MAX:
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
