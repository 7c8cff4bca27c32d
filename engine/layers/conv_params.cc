#include "engine/layers/conv_params.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/layers/checks.h"

namespace quantd {
namespace {

using Repeated = google::protobuf::RepeatedField<uint32_t>;

std::string FieldPath(const std::string& name) {
  return absl::StrCat("convolution_param.", name);
}

// A field in its two forms.
struct SizeField {
  std::string name;
  const Repeated& values;
  bool has_h, has_w;
  uint32_t h, w;
  int64_t min;
  int64_t default_value;  // -1: must be given.
};

absl::StatusOr<std::vector<int64_t>> RawSizes(const SizeField& field,
                                              int num_axes) {
  if (field.has_h || field.has_w) {
    if (!field.values.empty()) {
      return FieldError(FieldPath(field.name),
                        "is given together with its _h and _w forms; keep one");
    }
    if (num_axes != 2) {
      return FieldError(FieldPath(field.name),
                        "has _h and _w forms for two spatial axes only");
    }
    return std::vector<int64_t>{field.h, field.w};
  }
  if (field.values.empty()) {
    if (field.default_value < 0) {
      return FieldError(FieldPath(field.name), "is missing");
    }
    return std::vector<int64_t>(num_axes, field.default_value);
  }
  if (field.values.size() == 1) {
    return std::vector<int64_t>(num_axes, field.values[0]);
  }
  if (field.values.size() != num_axes) {
    return FieldError(
        FieldPath(field.name),
        absl::StrCat("is given ", field.values.size(), " times for ", num_axes,
                     " spatial axes; give one or one per axis"));
  }
  return std::vector<int64_t>(field.values.begin(), field.values.end());
}

absl::StatusOr<std::vector<int64_t>> Sizes(const SizeField& field,
                                           int num_axes) {
  ASSIGN_OR_RETURN(std::vector<int64_t> sizes, RawSizes(field, num_axes));
  for (int64_t size : sizes) {
    RETURN_IF_ERROR(CheckSize(FieldPath(field.name), size, field.min));
  }
  return sizes;
}

absl::Status CheckGroups(const ConvGeometry& g) {
  if (g.channels_out < 1 || g.channels_out > INT32_MAX) {
    return FieldError(FieldPath("num_output"), "must be positive");
  }
  if (g.channels_in < 1) return BottomError("a bottom has no channels");
  if (g.group < 1) return FieldError(FieldPath("group"), "must be positive");
  if (g.channels_in % g.group != 0 || g.channels_out % g.group != 0) {
    return FieldError(FieldPath("group"),
                      absl::StrCat("(", g.group, ") must divide the ",
                                   g.channels_in, " input channels and the ",
                                   g.channels_out, " of num_output"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ConvGeometry> ParseConvWindow(
    const caffe::ConvolutionParameter& p, int num_spatial_axes) {
  ConvGeometry g;
  ASSIGN_OR_RETURN(g.kernel,
                   Sizes({"kernel_size", p.kernel_size(), p.has_kernel_h(),
                          p.has_kernel_w(), p.kernel_h(), p.kernel_w(), 1, -1},
                         num_spatial_axes));
  ASSIGN_OR_RETURN(
      g.stride, Sizes({"stride", p.stride(), p.has_stride_h(), p.has_stride_w(),
                       p.stride_h(), p.stride_w(), 1, 1},
                      num_spatial_axes));
  ASSIGN_OR_RETURN(g.pad, Sizes({"pad", p.pad(), p.has_pad_h(), p.has_pad_w(),
                                 p.pad_h(), p.pad_w(), 0, 0},
                                num_spatial_axes));
  ASSIGN_OR_RETURN(g.dilation,
                   Sizes({"dilation", p.dilation(), false, false, 0, 0, 1, 1},
                         num_spatial_axes));
  return g;
}

absl::StatusOr<ConvGeometry> ParseConvParams(
    const caffe::ConvolutionParameter& p, int64_t channels,
    int num_spatial_axes) {
  ConvGeometry channels_only;
  channels_only.channels_in = channels;
  channels_only.channels_out = p.num_output();
  channels_only.group = p.group();
  RETURN_IF_ERROR(CheckGroups(channels_only));
  ASSIGN_OR_RETURN(ConvGeometry g, ParseConvWindow(p, num_spatial_axes));
  g.channels_in = channels_only.channels_in;
  g.channels_out = channels_only.channels_out;
  g.group = channels_only.group;
  return g;
}

}  // namespace quantd
