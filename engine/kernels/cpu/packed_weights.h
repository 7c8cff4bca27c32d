// A layer's weights in the layouts that its primitives like.
#ifndef QUANTD_ENGINE_KERNELS_CPU_PACKED_WEIGHTS_H_
#define QUANTD_ENGINE_KERNELS_CPU_PACKED_WEIGHTS_H_

#include <vector>

#include "engine/core/tensor.h"
#include "oneapi/dnnl/dnnl.hpp"

namespace quantd {

// Threads: compatible, not safe.
// Memory: the weights, once per layout that was asked for since Clear().
class PackedWeights {
 public:
  // The plain weights have other values.
  void Clear() { packed_.clear(); }

  // Weights of layout `desc`: packed now from `plain`, which is seen as
  // `plain_desc`, or earlier. An empty `plain` stands for what was packed
  // before. May throw: call inside CatchDnnl().
  dnnl::memory Get(const dnnl::memory::desc& desc, const Tensor& plain,
                   const dnnl::memory::desc& plain_desc);

 private:
  std::vector<dnnl::memory> packed_;
};

}  // namespace quantd

#endif  // QUANTD_ENGINE_KERNELS_CPU_PACKED_WEIGHTS_H_
