// LogSoftmax: y = x - max - ln(sum of e^(x - max)) along `axis`.
#include <algorithm>
#include <cmath>
#include <memory>
#include <vector>

#include "base/status_macros.h"
#include "engine/core/layer.h"
#include "engine/layers/checks.h"

namespace quantd {
namespace {

class LogSoftmaxLayer : public Layer {
 public:
  using Layer::Layer;

  absl::Status SetUp(absl::Span<const Shape> bottoms, int num_tops) override {
    return CheckArity(bottoms, {1, 1}, num_tops, {1, 1});
  }

  absl::Status Reshape(absl::Span<const Shape> bottoms,
                       std::vector<Shape>* tops) override {
    ASSIGN_OR_RETURN(
        const int axis,
        CanonicalAxis(bottoms[0], param().log_softmax_param().axis(),
                      "log_softmax_param.axis"));
    outer_ = bottoms[0].Count(0, axis);
    channels_ = bottoms[0][axis];
    inner_ = bottoms[0].Count(axis + 1);
    (*tops)[0] = bottoms[0];
    return absl::OkStatus();
  }

  absl::Status Forward(Bottoms bottoms, Tops tops) override {
    if (bottoms[0]->num_elements() == 0) return absl::OkStatus();
    const float* x = bottoms[0]->data();
    float* y = tops[0]->data();
#pragma omp parallel for
    for (int64_t row = 0; row < outer_ * inner_; ++row) {
      const int64_t begin = Begin(row);
      const int64_t end = begin + channels_ * inner_;
      float max = x[begin];
      for (int64_t j = begin; j < end; j += inner_) max = std::max(max, x[j]);
      double sum = 0;
      for (int64_t j = begin; j < end; j += inner_) sum += std::exp(x[j] - max);
      const float log_sum = static_cast<float>(std::log(sum));
      for (int64_t j = begin; j < end; j += inner_) y[j] = x[j] - max - log_sum;
    }
    return absl::OkStatus();
  }

  // dx = dy - e^y * sum of dy.
  absl::Status Backward(const BackwardPass& pass) override {
    if (pass.tops[0]->num_elements() == 0) return absl::OkStatus();
    const float* y = pass.tops[0]->data();
    const float* dy = pass.top_diffs[0]->data();
    float* dx = pass.bottom_diffs[0]->data();
#pragma omp parallel for
    for (int64_t row = 0; row < outer_ * inner_; ++row) {
      const int64_t begin = Begin(row);
      const int64_t end = begin + channels_ * inner_;
      double sum = 0;
      for (int64_t j = begin; j < end; j += inner_) sum += dy[j];
      const float total = static_cast<float>(sum);
      for (int64_t j = begin; j < end; j += inner_) {
        dx[j] = dy[j] - std::exp(y[j]) * total;
      }
    }
    return absl::OkStatus();
  }

  bool AllowsInPlace() const override { return true; }

 private:
  // Where the channels of row `row`, of outer * inner, begin.
  int64_t Begin(int64_t row) const {
    return row / inner_ * channels_ * inner_ + row % inner_;
  }

  int64_t outer_ = 1;
  int64_t channels_ = 1;
  int64_t inner_ = 1;
};

}  // namespace

std::unique_ptr<Layer> MakeLogSoftmaxLayer(const caffe::LayerParameter& param,
                                           caffe::Phase phase) {
  return std::make_unique<LogSoftmaxLayer>(param, phase);
}

}  // namespace quantd
