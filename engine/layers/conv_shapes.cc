#include "engine/layers/conv_shapes.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/layers/checks.h"

namespace quantd {
namespace {

absl::Status CheckBottom(const ConvGeometry& geometry, const Shape& bottom,
                         int axis, int64_t channels) {
  if (bottom.num_axes() == axis + 1 + geometry.num_spatial_axes() &&
      bottom[axis] == channels) {
    return absl::OkStatus();
  }
  return BottomError(absl::StrCat(
      "a bottom of shape ", bottom.ToString(), " does not fit: axis ", axis,
      " must have ", channels, " channels and ", geometry.num_spatial_axes(),
      " spatial axes after it"));
}

}  // namespace

absl::Status CheckTopPerBottom(absl::Span<const Shape> bottoms, int num_tops) {
  const int num_bottoms = static_cast<int>(bottoms.size());
  return CheckArity(bottoms, {1, Arity::kAny}, num_tops,
                    {num_bottoms, num_bottoms});
}

absl::StatusOr<int> ConvChannelAxis(const caffe::ConvolutionParameter& param,
                                    const Shape& bottom) {
  ASSIGN_OR_RETURN(const int axis, CanonicalAxis(bottom, param.axis(),
                                                 "convolution_param.axis"));
  if (axis + 1 < bottom.num_axes()) return axis;
  return BottomError(absl::StrCat("a bottom of shape ", bottom.ToString(),
                                  " has no spatial axes after axis ", axis,
                                  "; at least one is needed"));
}

std::vector<int64_t> ConvBlobDims(const ConvGeometry& geometry) {
  std::vector<int64_t> dims = {geometry.channels_out,
                               geometry.channels_in / geometry.group};
  dims.insert(dims.end(), geometry.kernel.begin(), geometry.kernel.end());
  return dims;
}

absl::Status CheckEqualShapes(absl::Span<const Shape> bottoms) {
  for (size_t i = 1; i < bottoms.size(); ++i) {
    if (bottoms[i] == bottoms[0]) continue;
    return BottomError(absl::StrCat(
        "bottom ", i, " has shape ", bottoms[i].ToString(), ", bottom 0 has ",
        bottoms[0].ToString(), "; they must be equal"));
  }
  return absl::OkStatus();
}

absl::StatusOr<Shape> ConvTopShape(const ConvGeometry& geometry,
                                   const Shape& bottom, int axis,
                                   int64_t channels_in, int64_t channels_out) {
  RETURN_IF_ERROR(CheckBottom(geometry, bottom, axis, channels_in));
  std::vector<int64_t> dims = bottom.dims();
  dims[axis] = channels_out;
  for (int i = 0; i < geometry.num_spatial_axes(); ++i) {
    int64_t& dim = dims[axis + 1 + i];
    dim = geometry.OutputSize(i, dim);
    if (dim > 0) continue;
    return FieldError("convolution_param.kernel_size",
                      absl::StrCat("covers ", geometry.KernelExtent(i),
                                   " pixels of spatial axis ", i,
                                   ", more than the padded input of shape ",
                                   bottom.ToString()));
  }
  return Shape::Create(dims);
}

absl::StatusOr<Shape> DeconvTopShape(const ConvGeometry& geometry,
                                     const Shape& bottom, int axis,
                                     int64_t channels_in,
                                     int64_t channels_out) {
  RETURN_IF_ERROR(CheckBottom(geometry, bottom, axis, channels_in));
  std::vector<int64_t> dims = bottom.dims();
  dims[axis] = channels_out;
  for (int i = 0; i < geometry.num_spatial_axes(); ++i) {
    int64_t& dim = dims[axis + 1 + i];
    if (dim < 1) {
      return BottomError(absl::StrCat("a bottom of shape ", bottom.ToString(),
                                      " has no pixels"));
    }
    dim = geometry.InputSize(i, dim);
    if (dim > 0) continue;
    return FieldError(
        "convolution_param.pad",
        absl::StrCat("is ", geometry.pad[i], ", which leaves nothing of ",
                     dim + 2 * geometry.pad[i], " pixels of spatial axis ", i));
  }
  return Shape::Create(dims);
}

Shape MergeBatchAxes(const Shape& shape, int axis) {
  std::vector<int64_t> dims = {shape.Count(0, axis)};
  dims.insert(dims.end(), shape.dims().begin() + axis, shape.dims().end());
  return Shape::Create(dims).value();
}

}  // namespace quantd
