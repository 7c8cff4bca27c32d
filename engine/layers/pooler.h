// Pooling of one tensor by whatever kernel fits: for the layers that pool.
#ifndef QUANTD_ENGINE_LAYERS_POOLER_H_
#define QUANTD_ENGINE_LAYERS_POOLER_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/core/shape.h"
#include "engine/core/tensor.h"
#include "engine/kernels/cpu/pooling.h"
#include "engine/kernels/pool_geometry.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd {

// One pooling, whose geometry may only change together with the input's shape.
//
// Threads: one at a time; computes with NumThreads() (engine/core/threads.h).
class Pooler {
 public:
  explicit Pooler(caffe::Phase phase) : phase_(phase) {}

  // Of kStochastic's draws, which are made in TRAIN only.
  void SetSeed(uint64_t seed) { seed_ = seed; }
  // See Layer::SkipPasses().
  void SkipPasses(int64_t passes) { num_passes_ += passes; }

  // (N, C, pooled H, pooled W). `kernel_field` is named where the kernel is
  // larger than the padded input.
  // Errors: INVALID_ARGUMENT unless `src` has four axes and room for a window.
  static absl::StatusOr<Shape> OutputShape(const PoolGeometry& geometry,
                                           const Shape& src,
                                           absl::string_view kernel_field);

  // From now on Backward() may follow a Forward().
  void ExpectBackward() { expects_backward_ = true; }

  // Pools `src` (N, C, H, W) into `dst` of OutputShape(). `mask` as in
  // ReferencePooling(); may be null.
  // Errors: RESOURCE_EXHAUSTED, INTERNAL (CatchDnnl()).
  absl::Status Forward(const PoolGeometry& geometry, const Tensor& src,
                       Tensor* dst, Tensor* mask);

  // The gradient of the last Forward(), which had the same arguments:
  // overwrites `diff_src`. Errors: as Forward().
  absl::Status Backward(const PoolGeometry& geometry, const Tensor& src,
                        const Tensor& diff_dst, Tensor* diff_src);

 private:
  void ForwardStochastic(const PoolGeometry& geometry, const Tensor& src,
                         Tensor* dst);

  const caffe::Phase phase_;
  bool expects_backward_ = false;
  bool ran_kernel_ = false;  // In the last Forward().
  CpuPooling kernel_;
  uint64_t seed_ = 0;
  uint64_t num_passes_ = 0;     // Of kStochastic in TRAIN.
  std::vector<int64_t> picks_;  // Of kStochastic's last Forward() in TRAIN.
};

}  // namespace quantd

#endif  // QUANTD_ENGINE_LAYERS_POOLER_H_
