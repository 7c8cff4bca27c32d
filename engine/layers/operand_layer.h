// What layers share that compute with several operands, of which the last ones
// may be blobs instead of bottoms.
#ifndef QUANTD_ENGINE_LAYERS_OPERAND_LAYER_H_
#define QUANTD_ENGINE_LAYERS_OPERAND_LAYER_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "engine/core/layer.h"
#include "engine/core/shape.h"
#include "engine/core/tensor.h"
#include "engine/layers/checks.h"

namespace quantd {

// Operand i is bottom i; those beyond the bottoms are blobs.
class OperandLayer : public Layer {
 public:
  using Layer::Layer;

 protected:
  // For SetUp(): takes `operands.min` to `operands.max` operands, one top, and
  // adds the blobs among the operands. If bottoms are missing there is one blob
  // of `blob_dims`, or, where that is empty, as many as the model carries, with
  // its shapes.
  // Errors: INVALID_ARGUMENT for too few operands or too many bottoms, and as
  // AddBlob().
  absl::Status SetUpOperands(absl::Span<const Shape> bottoms, int num_tops,
                             Arity operands,
                             const std::vector<int64_t>& blob_dims = {});

  int NumOperands(size_t num_bottoms) const {
    return static_cast<int>(num_bottoms + blobs_.size());
  }
  const Shape& OperandShape(absl::Span<const Shape> bottoms, size_t i) const {
    return i < bottoms.size() ? bottoms[i] : blobs_[i - bottoms.size()].shape();
  }
  const Tensor& Operand(Bottoms bottoms, size_t i) const {
    return i < bottoms.size() ? *bottoms[i] : blobs_[i - bottoms.size()];
  }
  // Where Backward() adds the gradient of operand i, a bottom's already
  // cleared; null if nobody wants it.
  float* OperandDiff(const BackwardPass& pass, size_t i);
};

}  // namespace quantd

#endif  // QUANTD_ENGINE_LAYERS_OPERAND_LAYER_H_
