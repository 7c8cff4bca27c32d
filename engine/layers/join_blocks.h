// Concatenation of plain tensors along one axis, and its gradient.
#ifndef QUANTD_ENGINE_LAYERS_JOIN_BLOCKS_H_
#define QUANTD_ENGINE_LAYERS_JOIN_BLOCKS_H_

#include <cstdint>

#include "absl/types/span.h"
#include "engine/core/tensor.h"

namespace quantd {

// Tensors are seen as `outer` equal blocks: the elements before and from the
// joined axis on. Block o of `whole` is block o of each of `parts`, in order.
void JoinBlocks(absl::Span<const Tensor* const> parts, int64_t outer,
                Tensor* whole);

// The opposite: writes the blocks of `whole` to `parts`, which have as many
// elements as `like`; null parts are skipped.
void PartBlocks(const Tensor& whole, int64_t outer,
                absl::Span<const Tensor* const> like,
                absl::Span<Tensor* const> parts);

}  // namespace quantd

#endif  // QUANTD_ENGINE_LAYERS_JOIN_BLOCKS_H_
