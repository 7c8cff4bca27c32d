// ResizeBilinear and ResizeNearestNeighbor (TensorFlow's operators): resizing
// of (N, H, W, C), or (N, C, H, W) with data_format NCHW; ResizeBilinear also
// of (N, C, H, W, D) with NCHWD. An axis without output_* has size floor(in *
// scale_*). Which input a coordinate is: ResizeMode; the nearest neighbour is
// floor() of it, round() with align_corners, floor((i + 0.5) * scale) with
// half_pixel_centers, and with half_pixel_onnx the one below, of centres.
#include <algorithm>
#include <cmath>
#include <memory>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/layers/checks.h"
#include "engine/layers/resize_axes.h"
#include "engine/layers/resizing_layer.h"

namespace quantd {
namespace {

constexpr int64_t kMaxSize = 1 << 24;

// One resized axis, as the parameters give it.
struct SizeField {
  const char* name;  // "height": fields output_height and scale_height.
  int axis;
  bool has_output;
  int64_t output;
  float scale;
};

absl::StatusOr<int64_t> OutputSize(absl::string_view message,
                                   const SizeField& field, int64_t input) {
  if (field.has_output) {
    RETURN_IF_ERROR(CheckSize(absl::StrCat(message, ".output_", field.name),
                              field.output, 1, kMaxSize));
    return field.output;
  }
  const double size =
      std::floor(static_cast<double>(static_cast<float>(input) * field.scale));
  if (size >= 1 && size <= static_cast<double>(kMaxSize)) {
    return static_cast<int64_t>(size);
  }
  return FieldError(absl::StrCat(message, ".scale_", field.name),
                    absl::StrCat("is ", field.scale, ", which makes ", size,
                                 " of ", input, " pixels"));
}

// The axes of height and width (and depth) in `format`; empty if unknown.
std::vector<int> SpatialAxes(absl::string_view format) {
  if (format == "NHWC") return {1, 2};
  if (format == "NCHW") return {2, 3};
  if (format == "NCHWD") return {2, 3, 4};
  return {};
}

class ResizeLayer : public ResizingLayer {
 public:
  using ResizingLayer::ResizingLayer;

  absl::Status SetUp(absl::Span<const Shape> bottoms, int num_tops) override {
    RETURN_IF_ERROR(CheckArity(bottoms, {1, 1}, num_tops, {1, 1}));
    RETURN_IF_ERROR(ReadFields());
    if (!fields_.empty()) return absl::OkStatus();
    return FieldError(absl::StrCat(Message(), ".data_format"),
                      "must be NHWC or NCHW");
  }

  absl::Status Reshape(absl::Span<const Shape> bottoms,
                       std::vector<Shape>* tops) override {
    const Shape& x = bottoms[0];
    const int num_axes = std::max(4, fields_.back().axis + 1);
    if (x.num_axes() != num_axes || x.num_elements() == 0) {
      return BottomError(absl::StrCat("a bottom of shape ", x.ToString(),
                                      " has not ", num_axes,
                                      " axes with values"));
    }
    std::vector<int64_t> dims = x.dims();
    axes_.clear();
    for (const SizeField& field : fields_) {
      ASSIGN_OR_RETURN(dims[field.axis],
                       OutputSize(Message(), field, x[field.axis]));
    }
    ASSIGN_OR_RETURN((*tops)[0], Shape::Create(dims));
    for (const SizeField& field : fields_) {
      axes_.push_back({field.axis, Taps(x[field.axis], dims[field.axis])});
    }
    OrderAxes(x, &axes_);
    return absl::OkStatus();
  }

 protected:
  virtual std::string Message() const = 0;
  // Sets fields_, none for a data_format that is not known.
  virtual absl::Status ReadFields() = 0;
  virtual std::vector<ResizeTap> Taps(int64_t in_size,
                                      int64_t out_size) const = 0;

  absl::Status CheckOneMode(bool a, bool b, bool c) const {
    if (a + b + c <= 1) return absl::OkStatus();
    return FieldError(Message(),
                      "has more than one of align_corners, half_pixel_centers "
                      "and the other half pixel mode; keep one");
  }

  std::vector<SizeField> fields_;
};

class ResizeBilinearLayer : public ResizeLayer {
 public:
  using ResizeLayer::ResizeLayer;

 protected:
  std::string Message() const override { return "resize_bilinear_param"; }

  absl::Status ReadFields() override {
    const caffe::ResizeBilinearParameter& p = param().resize_bilinear_param();
    RETURN_IF_ERROR(CheckOneMode(p.align_corners(), p.half_pixel_centers(),
                                 p.pytorch_half_pixel()));
    const std::vector<int> axes = SpatialAxes(p.data_format());
    if (axes.empty()) return absl::OkStatus();
    fields_ = {{"height", axes[0], p.has_output_height(), p.output_height(),
                p.scale_height()},
               {"width", axes[1], p.has_output_width(), p.output_width(),
                p.scale_width()}};
    if (axes.size() == 3) {
      fields_.push_back({"depth", axes[2], p.has_output_depth(),
                         p.output_depth(), p.scale_depth()});
    }
    return absl::OkStatus();
  }

  std::vector<ResizeTap> Taps(int64_t in_size,
                              int64_t out_size) const override {
    const caffe::ResizeBilinearParameter& p = param().resize_bilinear_param();
    ResizeMode mode = ResizeMode::kCorner;
    if (p.align_corners()) mode = ResizeMode::kAlignCorners;
    if (p.half_pixel_centers()) mode = ResizeMode::kHalfPixel;
    if (p.pytorch_half_pixel()) mode = ResizeMode::kPytorchHalfPixel;
    return LinearTaps(mode, in_size, out_size);
  }
};

class ResizeNearestNeighborLayer : public ResizeLayer {
 public:
  using ResizeLayer::ResizeLayer;

 protected:
  std::string Message() const override {
    return "resize_nearest_neighbor_param";
  }

  absl::Status ReadFields() override {
    const caffe::ResizeNearestNeighborParameter& p =
        param().resize_nearest_neighbor_param();
    RETURN_IF_ERROR(CheckOneMode(p.align_corners(), p.half_pixel_centers(),
                                 p.half_pixel_onnx()));
    const std::vector<int> axes = SpatialAxes(p.data_format());
    if (axes.size() != 2) return absl::OkStatus();
    fields_ = {{"height", axes[0], p.has_output_height(), p.output_height(),
                p.scale_height()},
               {"width", axes[1], p.has_output_width(), p.output_width(),
                p.scale_width()}};
    return absl::OkStatus();
  }

  std::vector<ResizeTap> Taps(int64_t in_size,
                              int64_t out_size) const override {
    const caffe::ResizeNearestNeighborParameter& p =
        param().resize_nearest_neighbor_param();
    const bool align = p.align_corners() && out_size > 1;
    const float scale =
        align
            ? static_cast<float>(in_size - 1) / static_cast<float>(out_size - 1)
            : static_cast<float>(in_size) / static_cast<float>(out_size);
    std::vector<ResizeTap> taps(out_size);
    for (int64_t i = 0; i < out_size; ++i) {
      const float at = static_cast<float>(i);
      float nearest = std::floor(at * scale);
      if (p.align_corners()) nearest = std::round(at * scale);
      if (p.half_pixel_centers()) nearest = std::floor((at + 0.5f) * scale);
      if (p.half_pixel_onnx()) {
        nearest = std::floor((at + 0.5f) * scale - 0.5f);
      }
      const int64_t index =
          std::clamp<int64_t>(static_cast<int64_t>(nearest), 0, in_size - 1);
      taps[i] = {index, index, 0};
    }
    return taps;
  }
};

}  // namespace

std::unique_ptr<Layer> MakeResizeBilinearLayer(
    const caffe::LayerParameter& param, caffe::Phase phase) {
  return std::make_unique<ResizeBilinearLayer>(param, phase);
}

std::unique_ptr<Layer> MakeResizeNearestNeighborLayer(
    const caffe::LayerParameter& param, caffe::Phase phase) {
  return std::make_unique<ResizeNearestNeighborLayer>(param, phase);
}

}  // namespace quantd
