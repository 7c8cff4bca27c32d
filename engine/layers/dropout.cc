// Dropout: in TRAIN zeroes elements with probability dropout_ratio and divides
// the others by 1 - dropout_ratio; in TEST copies. With scale_train = false
// (ATC) TRAIN does not divide, and TEST multiplies by 1 - dropout_ratio.
#include <algorithm>
#include <functional>
#include <memory>
#include <string>

#include "engine/core/layer.h"
#include "engine/core/random.h"
#include "engine/layers/checks.h"

namespace quantd {
namespace {

class DropoutLayer : public Layer {
 public:
  using Layer::Layer;

  absl::Status SetUp(absl::Span<const Shape> bottoms, int num_tops) override {
    const float ratio = param().dropout_param().dropout_ratio();
    if (!(ratio >= 0 && ratio < 1)) {
      return FieldError("dropout_param.dropout_ratio", "must be in [0, 1)");
    }
    return CheckArity(bottoms, {1, 1}, num_tops, {1, 1});
  }

  absl::Status Reshape(absl::Span<const Shape> bottoms,
                       std::vector<Shape>* tops) override {
    (*tops)[0] = bottoms[0];
    if (phase() == caffe::TRAIN) return factors_.Resize(bottoms[0]);
    return absl::OkStatus();
  }

  absl::Status Forward(Bottoms bottoms, Tops tops) override {
    const float keep = 1.0f - param().dropout_param().dropout_ratio();
    const bool scale_train = param().dropout_param().scale_train();
    const bool is_identity = phase() == caffe::TEST && scale_train;
    if (is_identity && bottoms[0] == tops[0]) return absl::OkStatus();
    const float* x = bottoms[0]->data();
    float* y = tops[0]->data();
    const int64_t n = bottoms[0]->num_elements();
    if (phase() == caffe::TRAIN) {
      const float scale = scale_train ? 1.0f / keep : 1.0f;
      Random random(Seed(), num_passes_++);
      float* factors = factors_.data();
      for (int64_t i = 0; i < n; ++i) {
        factors[i] = random.Uniform() < keep ? scale : 0;
        y[i] = x[i] * factors[i];
      }
    } else if (!scale_train) {
      for (int64_t i = 0; i < n; ++i) y[i] = x[i] * keep;
    } else {
      std::copy_n(x, n, y);
    }
    return absl::OkStatus();
  }

  absl::Status Backward(const BackwardPass& pass) override {
    const caffe::DropoutParameter& dropout = param().dropout_param();
    const float* dy = pass.top_diffs[0]->data();
    float* dx = pass.bottom_diffs[0]->data();
    const int64_t n = pass.tops[0]->num_elements();
    if (phase() == caffe::TRAIN) {
      const float* factors = factors_.data();
      for (int64_t i = 0; i < n; ++i) dx[i] = dy[i] * factors[i];
      return absl::OkStatus();
    }
    const float factor =
        dropout.scale_train() ? 1.0f : 1.0f - dropout.dropout_ratio();
    for (int64_t i = 0; i < n; ++i) dx[i] = dy[i] * factor;
    return absl::OkStatus();
  }

  absl::Status SkipPasses(int64_t passes) override {
    num_passes_ += passes;
    return absl::OkStatus();
  }

  bool AllowsInPlace() const override { return true; }

 private:
  uint64_t num_passes_ = 0;
  Tensor factors_;  // TRAIN: what the last Forward() multiplied by.
};

}  // namespace

std::unique_ptr<Layer> MakeDropoutLayer(const caffe::LayerParameter& param,
                                        caffe::Phase phase) {
  return std::make_unique<DropoutLayer>(param, phase);
}

}  // namespace quantd
