#include "engine/layers/softmax_loss_layer.h"

#include <algorithm>

#include "engine/kernels/softmax.h"

namespace quantd {

absl::Status SoftmaxLossLayer::ReshapeAlong(int axis,
                                            absl::Span<const Shape> bottoms,
                                            std::vector<Shape>* tops) {
  ASSIGN_OR_RETURN(axis_, MakeClassAxis(bottoms[0], bottoms[1], axis));
  (*tops)[0] = Shape();
  if (tops->size() > 1) (*tops)[1] = bottoms[0];
  return probabilities_.Resize(bottoms[0]);
}

void SoftmaxLossLayer::ComputeProbabilities(const Tensor& scores) {
  Softmax(scores.data(), axis_.outer, axis_.classes, axis_.inner,
          probabilities_.data());
}

void SoftmaxLossLayer::WriteTops(double sum, int64_t num_valid, Tops tops) {
  divisor_ = Divisor({axis_.outer, axis_.inner, num_valid});
  *tops[0]->data() = static_cast<float>(sum / divisor_);
  if (tops.size() < 2) return;
  std::copy_n(probabilities().data(), probabilities_.num_elements(),
              tops[1]->data());
}

}  // namespace quantd
