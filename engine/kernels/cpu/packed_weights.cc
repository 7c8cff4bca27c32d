#include "engine/kernels/cpu/packed_weights.h"

#include <utility>

#include "engine/kernels/cpu/dnnl_context.h"

namespace quantd {

using dnnl::memory;

memory PackedWeights::Get(const memory::desc& desc, const Tensor& plain,
                          const memory::desc& plain_desc) {
  for (const memory& packed : packed_) {
    if (packed.get_desc() == desc) return packed;
  }
  const float* values = plain.data();
  memory from =
      values == nullptr && !packed_.empty()
          ? packed_.front()
          : memory(plain_desc, DnnlEngine(), const_cast<float*>(values));
  // A copy in any case: the plain weights may be rewritten.
  memory packed(desc, DnnlEngine());
  dnnl::reorder(from, packed).execute(DnnlStream(), from, packed);
  DnnlStream().wait();
  packed_.push_back(packed);
  return packed;
}

}  // namespace quantd
