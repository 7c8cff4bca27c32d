// 2-D pooling by oneDNN, where it agrees with Caffe, and by max_pooling_nhwc.h,
// where that is faster.
#ifndef QUANTD_ENGINE_KERNELS_CPU_POOLING_H_
#define QUANTD_ENGINE_KERNELS_CPU_POOLING_H_

#include <memory>

#include "absl/status/status.h"
#include "engine/core/tensor.h"
#include "engine/kernels/pool_geometry.h"

namespace quantd {

// Threads: one at a time; computes with NumThreads() (engine/core/threads.h).
class CpuPooling {
 public:
  CpuPooling();
  ~CpuPooling();

  // Not where a window lies wholly outside the image (stride over kernel).
  // Maxima then always; averages where oneDNN can divide as Caffe does: no
  // padding, or no window that hangs over the end of the padding. No padding
  // with a value, not kStochastic.
  static bool Supports(const PoolGeometry& geometry, const Shape& src);

  // As ReferencePooling() without a mask. `src` and `dst` may be in a blocked
  // layout.
  // Errors: RESOURCE_EXHAUSTED, INTERNAL (CatchDnnl()).
  absl::Status Run(const PoolGeometry& geometry, const Tensor& src,
                   Tensor* dst);

  // As Run(), and keeps what RunBackward() needs.
  absl::Status RunTraining(const PoolGeometry& geometry, const Tensor& src,
                           Tensor* dst);
  // As ReferencePoolingBackward(), for the last RunTraining(). `diff_dst` and
  // `diff_src` may be in a blocked layout; `diff_src` gets src's.
  // Errors: RESOURCE_EXHAUSTED, INTERNAL (CatchDnnl()).
  absl::Status RunBackward(const Tensor& diff_dst, Tensor* diff_src);

 private:
  struct Plan;  // The primitives for one geometry, shape and layout.
  struct NhwcPlan;

  absl::Status RunFor(bool training, const PoolGeometry& geometry,
                      const Tensor& src, Tensor* dst);

  absl::Status RunNhwc(const PoolGeometry& geometry, const Tensor& src,
                       Tensor* dst);
  absl::Status RunNhwcBackward(const Tensor& diff_dst, Tensor* diff_src);

  std::unique_ptr<Plan> plan_;
  std::unique_ptr<NhwcPlan> nhwc_plan_;
  bool ran_nhwc_ = false;  // In the last RunTraining().
};

}  // namespace quantd

#endif  // QUANTD_ENGINE_KERNELS_CPU_POOLING_H_
