// Gradients of a convolution by oneDNN.
// Not here: the definition (engine/kernels/reference/convolution.h).
#ifndef QUANTD_ENGINE_KERNELS_CPU_CONVOLUTION_BACKWARD_H_
#define QUANTD_ENGINE_KERNELS_CPU_CONVOLUTION_BACKWARD_H_

#include <memory>

#include "absl/status/status.h"
#include "engine/core/tensor.h"
#include "engine/kernels/conv_geometry.h"

namespace quantd {

// The gradient of the input: what a transposed convolution computes forward.
// The primitive and the packed weights of the last shape are kept.
//
// Threads: one at a time; computes with NumThreads() (engine/core/threads.h).
class CpuConvolutionBackwardData {
 public:
  // For geometries that CpuConvolution::Supports().
  explicit CpuConvolutionBackwardData(const ConvGeometry& geometry);
  ~CpuConvolutionBackwardData();

  // Weights have other values than in the last Run().
  void WeightsChanged();

  // As ReferenceConvolutionBackwardData(). `diff_dst` and `diff_src` may be in
  // a blocked layout.
  // Errors: RESOURCE_EXHAUSTED, INTERNAL (CatchDnnl()).
  absl::Status Run(const Tensor& weights, const Tensor& diff_dst,
                   Tensor* diff_src);

 private:
  struct Plan;  // What depends on the shapes.

  const ConvGeometry geometry_;
  std::unique_ptr<Plan> plan_;
};

// The gradients of weights and bias.
//
// Threads: one at a time; computes with NumThreads() (engine/core/threads.h).
// Memory: one more copy of the weights' gradient.
class CpuConvolutionBackwardWeights {
 public:
  // For geometries that CpuConvolution::Supports().
  explicit CpuConvolutionBackwardWeights(const ConvGeometry& geometry);
  ~CpuConvolutionBackwardWeights();

  // As ReferenceConvolutionBackwardWeights(). `src` and `diff_dst` may be in a
  // blocked layout.
  // Errors: RESOURCE_EXHAUSTED, INTERNAL (CatchDnnl()).
  absl::Status Run(const Tensor& src, const Tensor& diff_dst,
                   Tensor* diff_weights, Tensor* diff_bias);

 private:
  struct Plan;  // What depends on the shapes.

  const ConvGeometry geometry_;
  std::unique_ptr<Plan> plan_;
};

}  // namespace quantd

#endif  // QUANTD_ENGINE_KERNELS_CPU_CONVOLUTION_BACKWARD_H_
