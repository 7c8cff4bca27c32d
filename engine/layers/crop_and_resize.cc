// CropAndResize (TensorFlow): boxes of images, bilinearly resized to crop_h x
// crop_w. Bottoms: images (N, H, W, C), or (N, C, H, W) with data_format NCHW;
// the image of each box (B); boxes (B, 4): y1, x1, y2, x2, where 0 is the
// centre of the first pixel and 1 that of the last. Corners map to corners; a
// size of 1 reads the middle of the box. Outside the image is
// extrapolation_value.
#include <algorithm>
#include <cmath>
#include <memory>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/core/layer.h"
#include "engine/layers/checks.h"

namespace quantd {
namespace {

// Where an output coordinate lies along an axis of `size` pixels.
struct Place {
  bool is_inside;
  int64_t lower;
  int64_t upper;
  float part;
};

Place PlaceOf(float begin, float end, int64_t index, int64_t count,
              int64_t size) {
  const float last = static_cast<float>(size - 1);
  const float x = count > 1 ? begin * last + static_cast<float>(index) *
                                                 (end - begin) * last /
                                                 static_cast<float>(count - 1)
                            : 0.5f * (begin + end) * last;
  // Written so that NaN is outside.
  if (!(x >= 0 && x <= last)) return {false, 0, 0, 0};
  const float floor = std::floor(x);
  return {true, static_cast<int64_t>(floor), static_cast<int64_t>(std::ceil(x)),
          x - floor};
}

float Lerp(float a, float b, float part) { return a + (b - a) * part; }

class CropAndResizeLayer : public Layer {
 public:
  using Layer::Layer;

  absl::Status SetUp(absl::Span<const Shape> bottoms, int num_tops) override {
    RETURN_IF_ERROR(CheckArity(bottoms, {3, 3}, num_tops, {1, 1}));
    is_nhwc_ = crop().data_format() == "NHWC";
    if (!is_nhwc_ && crop().data_format() != "NCHW") {
      return FieldError("crop_and_resize_param.data_format",
                        "must be NHWC or NCHW");
    }
    RETURN_IF_ERROR(CheckSize("crop_and_resize_param.crop_h", crop().crop_h()));
    return CheckSize("crop_and_resize_param.crop_w", crop().crop_w());
  }

  absl::Status Reshape(absl::Span<const Shape> bottoms,
                       std::vector<Shape>* tops) override {
    const Shape& x = bottoms[0];
    const Shape& boxes = bottoms[2];
    if (x.num_axes() != 4 || x.num_elements() == 0) {
      return BottomError(absl::StrCat("bottom 0 of shape ", x.ToString(),
                                      " has not 4 axes with values"));
    }
    if (boxes.num_axes() != 2 || boxes[1] != 4 ||
        bottoms[1].num_elements() != boxes[0]) {
      return BottomError(absl::StrCat(
          "bottoms 1 and 2 have shapes ", bottoms[1].ToString(), " and ",
          boxes.ToString(), "; B boxes need B images and Bx4 corners"));
    }
    std::vector<int64_t> dims = x.dims();
    dims[0] = boxes[0];
    dims[is_nhwc_ ? 1 : 2] = crop().crop_h();
    dims[is_nhwc_ ? 2 : 3] = crop().crop_w();
    ASSIGN_OR_RETURN((*tops)[0], Shape::Create(dims));
    return absl::OkStatus();
  }

  absl::Status Forward(Bottoms bottoms, Tops tops) override {
    const int64_t num_items = bottoms[0]->shape()[0];
    float* y = tops[0]->DataToOverwrite();
    for (int64_t b = 0; b < bottoms[2]->shape()[0]; ++b) {
      const float item = bottoms[1]->data()[b];
      // Written so that NaN fails.
      if (!(item >= 0 && item < static_cast<float>(num_items))) {
        return InputError(absl::StrCat("box ", b, " is of image ", item,
                                       "; the batch has ", num_items));
      }
      const int64_t size = tops[0]->shape().Count(1);
      Crop(*bottoms[0], static_cast<int64_t>(item), bottoms[2]->data() + b * 4,
           y + b * size);
    }
    return absl::OkStatus();
  }

  bool IsDifferentiable(int) const override { return false; }

 private:
  const caffe::CropAndResizeParameter& crop() const {
    return param().crop_and_resize_param();
  }

  void Crop(const Tensor& images, int64_t item, const float* box,
            float* y) const {
    const Shape& in = images.shape();
    const int64_t height = in[is_nhwc_ ? 1 : 2], width = in[is_nhwc_ ? 2 : 3];
    const int64_t channels = in[is_nhwc_ ? 3 : 1];
    const int64_t rows = crop().crop_h(), columns = crop().crop_w();
    const float* x = images.data() + item * in.Count(1);
    // Distances between channels and between pixels.
    const int64_t in_c = is_nhwc_ ? 1 : height * width;
    const int64_t out_c = is_nhwc_ ? 1 : rows * columns;
    const int64_t pixel = is_nhwc_ ? channels : 1;
    for (int64_t i = 0; i < rows; ++i) {
      const Place row = PlaceOf(box[0], box[2], i, rows, height);
      for (int64_t j = 0; j < columns; ++j) {
        const Place column = PlaceOf(box[1], box[3], j, columns, width);
        float* to = y + (i * columns + j) * pixel;
        for (int64_t c = 0; c < channels; ++c) {
          to[c * out_c] =
              row.is_inside && column.is_inside
                  ? Interpolate(x + c * in_c, width, pixel, row, column)
                  : crop().extrapolation_value();
        }
      }
    }
  }

  static float Interpolate(const float* x, int64_t width, int64_t pixel,
                           const Place& row, const Place& column) {
    const auto at = [&](int64_t h, int64_t w) {
      return x[(h * width + w) * pixel];
    };
    const float top = Lerp(at(row.lower, column.lower),
                           at(row.lower, column.upper), column.part);
    const float bottom = Lerp(at(row.upper, column.lower),
                              at(row.upper, column.upper), column.part);
    return Lerp(top, bottom, row.part);
  }

  bool is_nhwc_ = true;
};

}  // namespace

std::unique_ptr<Layer> MakeCropAndResizeLayer(
    const caffe::LayerParameter& param, caffe::Phase phase) {
  return std::make_unique<CropAndResizeLayer>(param, phase);
}

}  // namespace quantd
