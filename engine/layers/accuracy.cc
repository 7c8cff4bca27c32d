// Accuracy: the share of positions whose label is among the top_k scores. A
// label counts if fewer than top_k other classes score at least as much: ties
// hurt. Top 1, if there, has the share of each class.
#include <memory>
#include <numeric>
#include <vector>

#include "base/status_macros.h"
#include "engine/core/layer.h"
#include "engine/layers/checks.h"
#include "engine/layers/labels.h"

namespace quantd {
namespace {

class AccuracyLayer : public Layer {
 public:
  using Layer::Layer;

  absl::Status SetUp(absl::Span<const Shape> bottoms, int num_tops) override {
    return CheckArity(bottoms, {2, 2}, num_tops, {1, 2});
  }

  absl::Status Reshape(absl::Span<const Shape> bottoms,
                       std::vector<Shape>* tops) override {
    const caffe::AccuracyParameter& accuracy = param().accuracy_param();
    ASSIGN_OR_RETURN(axis_,
                     MakeClassAxis(bottoms[0], bottoms[1], accuracy.axis()));
    if (accuracy.top_k() < 1 || accuracy.top_k() > axis_.classes) {
      return FieldError("accuracy_param.top_k",
                        "must be between 1 and the number of classes");
    }
    (*tops)[0] = Shape();
    if (tops->size() > 1) (*tops)[1] = Shape({axis_.classes});
    return absl::OkStatus();
  }

  absl::Status Forward(Bottoms bottoms, Tops tops) override {
    const caffe::AccuracyParameter& accuracy = param().accuracy_param();
    std::vector<int64_t> num_all(axis_.classes);
    std::vector<int64_t> num_correct(axis_.classes);
    for (int64_t i = 0; i < axis_.num_positions(); ++i) {
      const float value = bottoms[1]->data()[i];
      if (accuracy.has_ignore_label() &&
          IsLabel(value, accuracy.ignore_label())) {
        continue;
      }
      ASSIGN_OR_RETURN(const int64_t label, ClassOf(value, axis_.classes));
      ++num_all[label];
      num_correct[label] += IsCorrect(bottoms[0]->data(), i, label);
    }
    *tops[0]->data() = Share(Sum(num_correct), Sum(num_all));
    if (tops.size() > 1) {
      for (int64_t c = 0; c < axis_.classes; ++c) {
        tops[1]->data()[c] = Share(num_correct[c], num_all[c]);
      }
    }
    return absl::OkStatus();
  }

  bool IsDifferentiable(int bottom) const override { return false; }

 private:
  static int64_t Sum(const std::vector<int64_t>& counts) {
    return std::accumulate(counts.begin(), counts.end(), int64_t{0});
  }

  static float Share(int64_t part, int64_t whole) {
    return whole == 0 ? 0
                      : static_cast<float>(part) / static_cast<float>(whole);
  }

  bool IsCorrect(const float* scores, int64_t position, int64_t label) const {
    const float* column = scores + axis_.IndexOf(position, 0);
    const float own = column[label * axis_.inner];
    int64_t num_others = -1;  // The label itself is counted too.
    for (int64_t c = 0; c < axis_.classes; ++c) {
      num_others += column[c * axis_.inner] >= own;
    }
    return num_others < param().accuracy_param().top_k();
  }

  ClassAxis axis_;
};

}  // namespace

std::unique_ptr<Layer> MakeAccuracyLayer(const caffe::LayerParameter& param,
                                         caffe::Phase phase) {
  return std::make_unique<AccuracyLayer>(param, phase);
}

}  // namespace quantd
