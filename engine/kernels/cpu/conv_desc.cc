#include "engine/kernels/cpu/conv_desc.h"

#include <numeric>
#include <utility>
#include <vector>

#include "engine/kernels/cpu/dnnl_context.h"
#include "engine/kernels/cpu/dnnl_tensor.h"

namespace quantd {

using dnnl::memory;

memory::desc AnyDesc(const memory::dims& dims) {
  return memory::desc(dims, memory::data_type::f32, memory::format_tag::any);
}

memory::dims ConvWeightDims(const ConvGeometry& g) {
  memory::dims dims = {g.channels_out / g.group, g.channels_in / g.group};
  if (g.group > 1) dims.insert(dims.begin(), g.group);
  dims.insert(dims.end(), g.kernel.begin(), g.kernel.end());
  return dims;
}

memory::dims ConvDilates(const ConvGeometry& g) {
  memory::dims dilates;
  for (int64_t dilation : g.dilation) dilates.push_back(dilation - 1);
  return dilates;
}

memory::dims ConvPadEnd(const ConvGeometry& g, const memory::dims& src,
                        const memory::dims& dst) {
  memory::dims pad_end;
  for (int axis = 0; axis < g.num_spatial_axes(); ++axis) {
    pad_end.push_back((dst[axis + 2] - 1) * g.stride[axis] +
                      g.KernelExtent(axis) - src[axis + 2] - g.pad[axis]);
  }
  return pad_end;
}

dnnl::convolution_forward::primitive_desc ConvForwardDesc(
    const ConvGeometry& g, dnnl::prop_kind kind, const memory::dims& src,
    const memory::dims& dst, bool has_bias, dnnl::algorithm algorithm,
    const dnnl::primitive_attr& attr) {
  const memory::desc bias =
      has_bias ? PlainDesc({g.channels_out}) : memory::desc();
  return dnnl::convolution_forward::primitive_desc(
      {kind, algorithm, AnyDesc(src), AnyDesc(ConvWeightDims(g)), bias,
       AnyDesc(dst), g.stride, ConvDilates(g), g.pad, ConvPadEnd(g, src, dst)},
      attr, DnnlEngine());
}

dnnl::deconvolution_forward::primitive_desc DeconvForwardDesc(
    const ConvGeometry& g, const memory::dims& src, const memory::dims& dst,
    bool has_bias) {
  const memory::desc bias =
      has_bias ? PlainDesc({g.channels_in}) : memory::desc();
  return dnnl::deconvolution_forward::primitive_desc(
      {dnnl::prop_kind::forward_inference,
       dnnl::algorithm::deconvolution_direct, AnyDesc(src),
       AnyDesc(DeconvWeightDesc(g).dims()), bias, AnyDesc(dst), g.stride,
       ConvDilates(g), g.pad, ConvPadEnd(g, dst, src)},
      DnnlEngine());
}

memory::desc DeconvWeightDesc(const ConvGeometry& g) {
  const memory::dims dims = ConvWeightDims(g);
  std::vector<int> axes(dims.size());
  std::iota(axes.begin(), axes.end(), 0);
  const int channels = g.group > 1 ? 1 : 0;
  std::swap(axes[channels], axes[channels + 1]);
  return PlainDesc(dims).permute_axes(axes);
}

}  // namespace quantd
