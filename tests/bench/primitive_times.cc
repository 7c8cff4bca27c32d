#include "tests/bench/primitive_times.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "base/status_macros.h"
#include "engine/kernels/cpu/dnnl_context.h"
#include "engine/layers/conv_params.h"
#include "oneapi/dnnl/dnnl.hpp"
#include "tests/bench/stopwatch.h"

namespace quantd::testing {
namespace {

using dnnl::memory;

memory::desc AnyDesc(const memory::dims& dims) {
  return memory::desc(dims, memory::data_type::f32, memory::format_tag::any);
}

// Memory whose pages are there.
memory Touched(const memory::desc& desc) {
  memory result(desc, DnnlEngine());
  std::fill_n(static_cast<float*>(result.get_data_handle()),
              desc.get_size() / sizeof(float), 0.01f);
  return result;
}

dnnl::primitive_attr WithRelu() {
  dnnl::post_ops ops;
  ops.append_eltwise(1, dnnl::algorithm::eltwise_relu, 0, 0);
  dnnl::primitive_attr attr;
  attr.set_post_ops(ops);
  return attr;
}

class DnnlLayerPrimitive : public LayerPrimitive {
 public:
  template <typename Desc>
  DnnlLayerPrimitive(const dnnl::primitive& primitive, const Desc& desc)
      : primitive_(primitive),
        args_({{DNNL_ARG_SRC, Touched(desc.src_desc())},
               {DNNL_ARG_WEIGHTS, Touched(desc.weights_desc())},
               {DNNL_ARG_BIAS, Touched(desc.bias_desc())},
               {DNNL_ARG_DST, Touched(desc.dst_desc())}}) {}

  void Run() override {
    primitive_.execute(DnnlStream(), args_);
    DnnlStream().wait();
  }

 private:
  dnnl::primitive primitive_;
  std::unordered_map<int, memory> args_;
};

std::unique_ptr<LayerPrimitive> ConvPrimitive(const ConvGeometry& g,
                                              const Shape& src,
                                              const Shape& dst,
                                              dnnl::algorithm algorithm) {
  memory::dims weights = {g.channels_out / g.group, g.channels_in / g.group};
  if (g.group > 1) weights.insert(weights.begin(), g.group);
  weights.insert(weights.end(), g.kernel.begin(), g.kernel.end());
  memory::dims dilates, pad_end;
  for (int axis = 0; axis < g.num_spatial_axes(); ++axis) {
    dilates.push_back(g.dilation[axis] - 1);
    pad_end.push_back((dst[axis + 2] - 1) * g.stride[axis] +
                      g.KernelExtent(axis) - src[axis + 2] - g.pad[axis]);
  }
  const dnnl::convolution_forward::primitive_desc desc(
      {dnnl::prop_kind::forward_inference, algorithm, AnyDesc(src.dims()),
       AnyDesc(weights), AnyDesc({g.channels_out}), AnyDesc(dst.dims()),
       g.stride, dilates, g.pad, pad_end},
      WithRelu(), DnnlEngine());
  auto result = std::make_unique<DnnlLayerPrimitive>(
      dnnl::convolution_forward(desc), desc);
  result->flops = 2.0 * dst.num_elements() * g.channels_in / g.group;
  for (const int64_t k : g.kernel) result->flops *= k;
  return result;
}

// The least milliseconds of a few runs.
double QuickTime(LayerPrimitive* primitive) {
  Times times;
  for (int i = 0; i < 4; ++i) {
    const double begin = NowMs(false);
    primitive->Run();
    times.ms.push_back(NowMs(false) - begin);
  }
  return times.Min();
}

// The faster of direct convolution and Winograd's.
std::unique_ptr<LayerPrimitive> BestConvPrimitive(const ConvGeometry& g,
                                                  const Shape& src,
                                                  const Shape& dst) {
  auto direct = ConvPrimitive(g, src, dst, dnnl::algorithm::convolution_direct);
  std::unique_ptr<LayerPrimitive> winograd;
  try {
    winograd =
        ConvPrimitive(g, src, dst, dnnl::algorithm::convolution_winograd);
  } catch (const dnnl::error&) {
    return direct;  // Not for this convolution.
  }
  const bool is_faster = QuickTime(winograd.get()) < QuickTime(direct.get());
  return is_faster ? std::move(winograd) : std::move(direct);
}

std::unique_ptr<LayerPrimitive> InnerProductPrimitive(int64_t items, int64_t in,
                                                      int64_t out) {
  const dnnl::inner_product_forward::primitive_desc desc(
      {dnnl::prop_kind::forward_inference, AnyDesc({items, in}),
       AnyDesc({out, in}), AnyDesc({out}), AnyDesc({items, out})},
      WithRelu(), DnnlEngine());
  auto result = std::make_unique<DnnlLayerPrimitive>(
      dnnl::inner_product_forward(desc), desc);
  result->flops = 2.0 * items * in * out;
  return result;
}

absl::StatusOr<std::unique_ptr<LayerPrimitive>> PrimitiveOf(const Net& net,
                                                            int index) {
  const Layer& layer = net.layer(index);
  const std::string& type = layer.type();
  std::unique_ptr<LayerPrimitive> result;
  if (type == "InnerProduct") {
    const Shape& dst = net.tops(index)[0]->shape();
    const int64_t out = dst[dst.num_axes() - 1];
    const int64_t items = dst.num_elements() / out;
    const int64_t in = net.bottoms(index)[0]->num_elements() / items;
    RETURN_IF_ERROR(CatchDnnl("a primitive", [&] {
      result = InnerProductPrimitive(items, in, out);
    }));
  } else if (type == "Convolution" || type == "DepthwiseConv") {
    const Shape& src = net.bottoms(index)[0]->shape();
    caffe::ConvolutionParameter param = layer.param().convolution_param();
    if (type == "DepthwiseConv") {
      param.set_group(static_cast<uint32_t>(src[1]));
    }
    ASSIGN_OR_RETURN(const ConvGeometry geometry,
                     ParseConvParams(param, src[1], src.num_axes() - 2));
    RETURN_IF_ERROR(CatchDnnl("a primitive", [&] {
      result = BestConvPrimitive(geometry, src, net.tops(index)[0]->shape());
    }));
  }
  if (result != nullptr) result->layer = layer.name();
  return result;
}

}  // namespace

absl::StatusOr<std::vector<std::unique_ptr<LayerPrimitive>>> LayerPrimitives(
    const Net& net) {
  std::vector<std::unique_ptr<LayerPrimitive>> primitives;
  for (int i = 0; i < net.num_layers(); ++i) {
    ASSIGN_OR_RETURN(std::unique_ptr<LayerPrimitive> primitive,
                     PrimitiveOf(net, i));
    if (primitive != nullptr) primitives.push_back(std::move(primitive));
  }
  return primitives;
}

}  // namespace quantd::testing
