// Convolution and its transpose by oneDNN.
// Not here: the definition (engine/kernels/reference/convolution.h).
#ifndef QUANTD_ENGINE_KERNELS_CPU_CONVOLUTION_H_
#define QUANTD_ENGINE_KERNELS_CPU_CONVOLUTION_H_

#include <memory>

#include "absl/status/status.h"
#include "engine/core/tensor.h"
#include "engine/kernels/conv_geometry.h"
#include "engine/kernels/cpu/packed_weights.h"
#include "engine/kernels/cpu/plan_cache.h"
#include "engine/kernels/fused_op.h"

namespace quantd {

// One convolution with its weights packed as the kernel likes them. Primitives
// of the last few input shapes are kept.
//
// Threads: one at a time; computes with NumThreads() (engine/core/threads.h).
// Memory: the packed weights, once per layout that the input shapes need.
class CpuConvolution {
 public:
  // kTransposed: the input gradient of the convolution (to which `geometry` and
  // the weights' shape belong), plus a bias for each of its input channels. It
  // fuses nothing.
  enum class Direction { kForward, kTransposed };

  // One to three spatial axes.
  static bool Supports(const ConvGeometry& geometry) {
    return geometry.num_spatial_axes() >= 1 && geometry.num_spatial_axes() <= 3;
  }

  explicit CpuConvolution(const ConvGeometry& geometry,
                          Direction direction = Direction::kForward);
  ~CpuConvolution();

  // Weights or bias have other values than in the last Run().
  void WeightsChanged();

  // Does `ops` to the result from now on. kForward only.
  void Fuse(const FusedOps& ops);

  // Lets large 3x3 convolutions be computed by Winograd's algorithm, which
  // takes about half the time and rounds differently: by some 1e-6 of the
  // largest value. Which ones depends on sizes only.
  void AllowWinograd();

  // What a fused kAdd adds.
  struct Addend {
    const Tensor* values = nullptr;  // Of dst's shape; not src.
    bool may_overwrite = false;      // Nobody needs them afterwards.
  };

  // Shapes as in ReferenceConvolution(), or as diff_dst and diff_src in
  // ReferenceConvolutionBackwardData(). `src` and `dst` may be in a blocked
  // layout. Does not work in place. `weights` may be empty once they were
  // packed.
  // Errors: RESOURCE_EXHAUSTED, INTERNAL (CatchDnnl()).
  absl::Status Run(const Tensor& src, const Tensor& weights, const Tensor* bias,
                   const Addend& addend, Tensor* dst);

 private:
  struct Plan;  // What depends on the input's shape.

  std::unique_ptr<Plan> MakePlan(const Tensor& src, const Tensor& dst,
                                 bool has_bias) const;

  const ConvGeometry geometry_;
  const Direction direction_;
  FusedOps ops_;
  bool winograd_allowed_ = false;
  PackedWeights weights_;
  PlanCache<Plan, 4> plans_;
};

}  // namespace quantd

#endif  // QUANTD_ENGINE_KERNELS_CPU_CONVOLUTION_H_
