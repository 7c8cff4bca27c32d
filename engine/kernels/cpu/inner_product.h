// Matrix product with packed weights, by oneDNN.
#ifndef QUANTD_ENGINE_KERNELS_CPU_INNER_PRODUCT_H_
#define QUANTD_ENGINE_KERNELS_CPU_INNER_PRODUCT_H_

#include <memory>

#include "absl/status/status.h"
#include "engine/core/tensor.h"
#include "engine/kernels/cpu/packed_weights.h"
#include "engine/kernels/cpu/plan_cache.h"
#include "engine/kernels/fused_op.h"

namespace quantd {

// One inner product with its weights packed as the kernel likes them.
//
// Threads: one at a time; computes with NumThreads() (engine/core/threads.h).
// Memory: the packed weights, once per layout that the numbers of items need.
class CpuInnerProduct {
 public:
  // transposed: the weights are (K, M) instead of (M, K).
  explicit CpuInnerProduct(bool transposed);
  ~CpuInnerProduct();

  // Weights or bias have other values than in the last Run().
  void WeightsChanged();

  // Does `ops`, without a kAdd, to the result from now on.
  void Fuse(const FusedOps& ops);

  // `weights` may be empty once they were packed.
  // dst (N, M) = src (N, K) * weights^T + bias (M), which may be null.
  // Errors: RESOURCE_EXHAUSTED, INTERNAL (CatchDnnl()).
  absl::Status Run(const Tensor& src, const Tensor& weights, const Tensor* bias,
                   Tensor* dst);

 private:
  struct Plan;  // What depends on the input's shape.

  std::unique_ptr<Plan> MakePlan(const Tensor& src, const Tensor& dst,
                                 bool has_bias) const;

  const bool transposed_;
  FusedOps ops_;
  PackedWeights weights_;
  PlanCache<Plan, 2> plans_;
};

}  // namespace quantd

#endif  // QUANTD_ENGINE_KERNELS_CPU_INNER_PRODUCT_H_
