// What SoftmaxWithLoss and InfogainLoss share: a softmax over the scores of
// every position, of which a type makes the position's loss, and ignored
// labels.
#ifndef QUANTD_ENGINE_LAYERS_SOFTMAX_LOSS_LAYER_H_
#define QUANTD_ENGINE_LAYERS_SOFTMAX_LOSS_LAYER_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "base/status_macros.h"
#include "engine/core/layer.h"
#include "engine/core/shape.h"
#include "engine/core/tensor.h"
#include "engine/layers/labels.h"
#include "engine/layers/loss_layer.h"

namespace quantd {

// Bottom 0: scores; bottom 1: a label for each position. Top 1, if there, has
// the probabilities p; it passes no gradient on, as in Caffe.
class SoftmaxLossLayer : public LossLayer {
 public:
  using LossLayer::LossLayer;

 protected:
  // Axis `axis` of bottom 0 has the classes.
  absl::Status ReshapeAlong(int axis, absl::Span<const Shape> bottoms,
                            std::vector<Shape>* tops);

  // Forward(): computes p, calls add(position, label, &sum) for every position
  // that is not ignored, and writes the tops. Errors: as ClassOf().
  template <typename Add>
  absl::Status SumLosses(Bottoms bottoms, Tops tops, const Add& add);

  // What the gradient of SumLosses()'s sum is multiplied by.
  float ScaleOf(const BackwardPass& pass) const {
    return static_cast<float>(*pass.top_diffs[0]->data() / divisor_);
  }

  // Backward(): calls write(position, label) for every position that is not
  // ignored; the gradient of the others is 0. Errors: as ClassOf().
  template <typename Write>
  absl::Status WriteGradients(const BackwardPass& pass, const Write& write);

  const ClassAxis& axis() const { return axis_; }
  const Tensor& probabilities() const { return probabilities_; }

 private:
  void ComputeProbabilities(const Tensor& scores);
  void WriteTops(double sum, int64_t num_valid, Tops tops);

  ClassAxis axis_;
  Tensor probabilities_;
  double divisor_ = 1;
};

template <typename Add>
absl::Status SoftmaxLossLayer::SumLosses(Bottoms bottoms, Tops tops,
                                         const Add& add) {
  ComputeProbabilities(*bottoms[0]);
  const float* labels = bottoms[1]->data();
  double sum = 0;
  int64_t num_valid = 0;
  for (int64_t i = 0; i < axis_.num_positions(); ++i) {
    if (IsIgnored(labels[i])) continue;
    ASSIGN_OR_RETURN(const int64_t label, ClassOf(labels[i], axis_.classes));
    add(i, label, &sum);
    ++num_valid;
  }
  WriteTops(sum, num_valid, tops);
  return absl::OkStatus();
}

template <typename Write>
absl::Status SoftmaxLossLayer::WriteGradients(const BackwardPass& pass,
                                              const Write& write) {
  const float* labels = pass.bottoms[1]->data();
  float* dx = pass.bottom_diffs[0]->data();
  for (int64_t i = 0; i < axis_.num_positions(); ++i) {
    if (IsIgnored(labels[i])) {
      for (int64_t c = 0; c < axis_.classes; ++c) dx[axis_.IndexOf(i, c)] = 0;
      continue;
    }
    ASSIGN_OR_RETURN(const int64_t label, ClassOf(labels[i], axis_.classes));
    write(i, label);
  }
  return absl::OkStatus();
}

}  // namespace quantd

#endif  // QUANTD_ENGINE_LAYERS_SOFTMAX_LOSS_LAYER_H_
