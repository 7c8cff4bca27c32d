#include "engine/layers/join_blocks.h"

#include <algorithm>

namespace quantd {

void JoinBlocks(absl::Span<const Tensor* const> parts, int64_t outer,
                Tensor* whole) {
  float* to = whole->data();
  for (int64_t o = 0; o < outer; ++o) {
    for (const Tensor* part : parts) {
      const int64_t size = part->num_elements() / outer;
      to = std::copy_n(part->data() + o * size, size, to);
    }
  }
}

void PartBlocks(const Tensor& whole, int64_t outer,
                absl::Span<const Tensor* const> like,
                absl::Span<Tensor* const> parts) {
  const float* from = whole.data();
  for (int64_t o = 0; o < outer; ++o) {
    for (size_t i = 0; i < parts.size(); ++i) {
      const int64_t size = like[i]->num_elements() / outer;
      if (parts[i] != nullptr) {
        std::copy_n(from, size, parts[i]->data() + o * size);
      }
      from += size;
    }
  }
}

}  // namespace quantd
