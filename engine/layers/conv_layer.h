// What Convolution and Deconvolution share: their blobs and the life of their
// kernels.
#ifndef QUANTD_ENGINE_LAYERS_CONV_LAYER_H_
#define QUANTD_ENGINE_LAYERS_CONV_LAYER_H_

#include <cstdint>
#include <optional>

#include "absl/status/status.h"
#include "base/status_macros.h"
#include "engine/core/layer.h"
#include "engine/core/tensor.h"
#include "engine/kernels/conv_geometry.h"
#include "engine/kernels/cpu/convolution.h"
#include "engine/kernels/cpu/convolution_backward.h"
#include "engine/layers/conv_shapes.h"

namespace quantd {

// `DataKernel` computes the gradient of the bottom. A type's SetUp() sets the
// members, then adds the blobs.
template <typename DataKernel>
class ConvLayer : public Layer {
 public:
  using Layer::Layer;

  void BlobsChanged() final {
    if (!kernel_) return;
    kernel_->WeightsChanged();
    data_kernel_->WeightsChanged();
  }

 protected:
  // The weights and, if wanted, a bias for each of `num_outputs` channels.
  // Errors: as AddBlob().
  absl::Status AddBlobs(const caffe::ConvolutionParameter& conv,
                        int64_t num_outputs) {
    RETURN_IF_ERROR(AddBlob(ConvBlobDims(geometry_), conv.weight_filler()));
    if (!conv.bias_term()) return absl::OkStatus();
    return AddBlob({num_outputs}, conv.bias_filler());
  }

  // Null without.
  const Tensor* bias() const {
    return blobs_.size() > 1 ? &blobs_[1] : nullptr;
  }

  // After Forward() has written `top`: frees weights that the kernel has packed
  // and nobody else will ask for.
  void DropPackedWeights(const Tensor& top) {
    if (kernel_ && blobs_frozen() && top.num_elements() > 0) {
      blobs_[0] = Tensor();
    }
  }

  int axis_ = 1;  // Of the channels.
  // Of the convolution: a deconvolution's goes from its top to its bottom.
  ConvGeometry geometry_;
  // All three, or none.
  std::optional<CpuConvolution> kernel_;
  std::optional<DataKernel> data_kernel_;
  std::optional<CpuConvolutionBackwardWeights> weights_kernel_;
};

}  // namespace quantd

#endif  // QUANTD_ENGINE_LAYERS_CONV_LAYER_H_
