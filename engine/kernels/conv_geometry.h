// Sizes of a convolution, independent of who computes it.
#ifndef QUANTD_ENGINE_KERNELS_CONV_GEOMETRY_H_
#define QUANTD_ENGINE_KERNELS_CONV_GEOMETRY_H_

#include <cstdint>
#include <vector>

namespace quantd {

// A convolution over any number of spatial axes. The vectors have one element
// per spatial axis, outermost first (h, w).
struct ConvGeometry {
  int64_t channels_in = 0;
  int64_t channels_out = 0;
  int64_t group = 1;  // Divides both channel counts.
  std::vector<int64_t> kernel;
  std::vector<int64_t> stride;
  std::vector<int64_t> pad;  // On both sides.
  std::vector<int64_t> dilation;

  int num_spatial_axes() const { return static_cast<int>(kernel.size()); }

  // Extent that the dilated kernel covers along `axis`.
  int64_t KernelExtent(int axis) const {
    return dilation[axis] * (kernel[axis] - 1) + 1;
  }

  // Output size along `axis` for `input`; 0 or less if the kernel does not fit
  // the padded input.
  int64_t OutputSize(int axis, int64_t input) const {
    const int64_t room = input + 2 * pad[axis] - KernelExtent(axis);
    return room < 0 ? 0 : room / stride[axis] + 1;
  }

  // The smallest input along `axis` that gives `output`, at least 1: the size
  // of a deconvolution's result. 0 or less if it lies in the padding.
  int64_t InputSize(int axis, int64_t output) const {
    return stride[axis] * (output - 1) + KernelExtent(axis) - 2 * pad[axis];
  }
};

}  // namespace quantd

#endif  // QUANTD_ENGINE_KERNELS_CONV_GEOMETRY_H_
