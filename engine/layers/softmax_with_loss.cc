// SoftmaxWithLoss: -sum of ln max(p(label), FLT_MIN), p the softmax of bottom
// 0, divided as loss_param.normalization says. Top 1, if there, has p.
#include <algorithm>
#include <cfloat>
#include <cmath>
#include <memory>

#include "base/status_macros.h"
#include "engine/core/layer.h"
#include "engine/kernels/softmax.h"
#include "engine/layers/checks.h"
#include "engine/layers/labels.h"

namespace quantd {
namespace {

class SoftmaxWithLossLayer : public Layer {
 public:
  using Layer::Layer;

  absl::Status SetUp(absl::Span<const Shape> bottoms, int num_tops) override {
    return CheckArity(bottoms, {2, 2}, num_tops, {1, 2});
  }

  absl::Status Reshape(absl::Span<const Shape> bottoms,
                       std::vector<Shape>* tops) override {
    ASSIGN_OR_RETURN(axis_, MakeClassAxis(bottoms[0], bottoms[1],
                                          param().softmax_param().axis()));
    (*tops)[0] = Shape();
    if (tops->size() > 1) (*tops)[1] = bottoms[0];
    return probabilities_.Resize(bottoms[0]);
  }

  absl::Status Forward(Bottoms bottoms, Tops tops) override {
    const float* p = probabilities_.data();
    Softmax(bottoms[0]->data(), axis_.outer, axis_.classes, axis_.inner,
            probabilities_.data());
    const caffe::LossParameter& loss = param().loss_param();
    double sum = 0;
    int64_t num_valid = 0;
    for (int64_t i = 0; i < axis_.outer * axis_.inner; ++i) {
      const float value = bottoms[1]->data()[i];
      if (loss.has_ignore_label() &&
          value == static_cast<float>(loss.ignore_label())) {
        continue;
      }
      ASSIGN_OR_RETURN(const int64_t label, ClassOf(value, axis_.classes));
      const int64_t row = i / axis_.inner * axis_.classes + label;
      sum -=
          std::log(std::max(p[row * axis_.inner + i % axis_.inner], FLT_MIN));
      ++num_valid;
    }
    *tops[0]->data() = static_cast<float>(sum / Divisor(num_valid));
    if (tops.size() > 1) {
      std::copy_n(p, probabilities_.num_elements(), tops[1]->data());
    }
    return absl::OkStatus();
  }

  float DefaultLossWeight(int index) const override { return index == 0; }
  int NumAutomaticTops() const override { return 1; }

 private:
  caffe::LossParameter::NormalizationMode Normalization() const {
    const caffe::LossParameter& loss = param().loss_param();
    if (loss.has_normalization() || !loss.has_normalize()) {
      return loss.normalization();
    }
    return loss.normalize() ? caffe::LossParameter::VALID
                            : caffe::LossParameter::BATCH_SIZE;
  }

  double Divisor(int64_t num_valid) const {
    int64_t divisor = 1;
    switch (Normalization()) {
      case caffe::LossParameter::FULL:
        divisor = axis_.outer * axis_.inner;
        break;
      case caffe::LossParameter::VALID:
        divisor = num_valid;
        break;
      case caffe::LossParameter::BATCH_SIZE:
        divisor = axis_.outer;
        break;
      case caffe::LossParameter::NONE:
        break;
    }
    return static_cast<double>(std::max(divisor, int64_t{1}));
  }

  ClassAxis axis_;
  Tensor probabilities_;
};

}  // namespace

std::unique_ptr<Layer> MakeSoftmaxWithLossLayer(
    const caffe::LayerParameter& param, caffe::Phase phase) {
  return std::make_unique<SoftmaxWithLossLayer>(param, phase);
}

}  // namespace quantd
