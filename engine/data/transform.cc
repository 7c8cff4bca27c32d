#include "engine/data/transform.h"

#include <string>
#include <utility>

#include "absl/memory/memory.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "engine/core/random.h"

namespace quantd {
namespace {

absl::Status WrongShape(absl::string_view what, const std::string& expected,
                        const Image& image) {
  const std::string found =
      absl::StrCat(image.channels, "x", image.height, "x", image.width);
  return Error(absl::StatusCode::kFailedPrecondition, "DATASET_SHAPE_MISMATCH",
               absl::StrCat("an image of ", found, " (CxHxW) does not fit ",
                            what, " ", expected),
               {{"expected", expected}, {"found", found}});
}

// Where the transformed image is taken from.
struct Window {
  int64_t top = 0;
  int64_t left = 0;
  int64_t height = 0;
  int64_t width = 0;
  bool mirror = false;
};

// Rows of `from` (C,H,W) in `window`, minus `mean` at the same place, times
// scale. `mean` has a stride of 0 (one value a channel) or 1 (an image).
template <typename T>
void TransformRow(const T* from, const float* mean, int mean_stride,
                  const Window& window, float scale, float* to) {
  if (window.mirror) {
    for (int64_t x = 0; x < window.width; ++x) {
      to[window.width - 1 - x] =
          (static_cast<float>(from[x]) - mean[x * mean_stride]) * scale;
    }
    return;
  }
  for (int64_t x = 0; x < window.width; ++x) {
    to[x] = (static_cast<float>(from[x]) - mean[x * mean_stride]) * scale;
  }
}

}  // namespace

absl::StatusOr<ImageTransform> ImageTransform::Create(
    const caffe::TransformationParameter& param, caffe::Phase phase,
    absl::optional<Tensor> mean, uint64_t seed) {
  const bool has_mean = mean.has_value() || param.has_mean_file();
  if (has_mean && param.mean_value_size() > 0) {
    return Error(absl::StatusCode::kInvalidArgument, "OPTION_CONFLICT",
                 "transform_param has both mean_file and mean_value; "
                 "remove one of them",
                 {{"options", "mean_file, mean_value"}});
  }
  if (param.force_color() && param.force_gray()) {
    return Error(absl::StatusCode::kInvalidArgument, "OPTION_CONFLICT",
                 "transform_param has both force_color and force_gray; "
                 "remove one of them",
                 {{"options", "force_color, force_gray"}});
  }
  return ImageTransform(param, phase, std::move(mean), seed);
}

ColorMode ImageTransform::ColorModeOf(
    const caffe::TransformationParameter& param) {
  if (param.force_color()) return ColorMode::kColor;
  if (param.force_gray()) return ColorMode::kGray;
  return ColorMode::kAsStored;
}

absl::StatusOr<Shape> ImageTransform::OutputShape(const Image& image) const {
  if (mean_.has_value() &&
      mean_->shape() != Shape({image.channels, image.height, image.width})) {
    return WrongShape("the mean image", mean_->shape().ToString(), image);
  }
  const int num_means = param_.mean_value_size();
  if (num_means > 1 && num_means != image.channels) {
    return WrongShape("the number of mean_value,", absl::StrCat(num_means),
                      image);
  }
  const int64_t crop = param_.crop_size();
  if (crop > image.height || crop > image.width) {
    return WrongShape("crop_size", absl::StrCat(crop), image);
  }
  if (crop > 0) return Shape({image.channels, crop, crop});
  return Shape({image.channels, image.height, image.width});
}

absl::Status ImageTransform::Apply(const Image& image, uint64_t index,
                                   absl::Span<float> output) const {
  ASSIGN_OR_RETURN(const Shape shape, OutputShape(image));
  Window window;
  window.height = shape[1];
  window.width = shape[2];
  const int64_t free_rows = image.height - window.height;
  const int64_t free_columns = image.width - window.width;
  window.top = free_rows / 2;
  window.left = free_columns / 2;
  if (phase_ == caffe::TRAIN) {
    Random random(seed_, index);
    if (param_.crop_size() > 0) {
      window.top = random.Below(free_rows + 1);
      window.left = random.Below(free_columns + 1);
    }
    window.mirror = param_.mirror() && random.Below(2) == 1;
  }
  const int num_means = param_.mean_value_size();
  float* to = output.data();
  for (int64_t c = 0; c < image.channels; ++c) {
    const float channel_mean =
        num_means == 0 ? 0 : param_.mean_value(num_means == 1 ? 0 : c);
    for (int64_t y = 0; y < window.height; ++y, to += window.width) {
      const int64_t offset =
          (c * image.height + window.top + y) * image.width + window.left;
      const float* mean =
          mean_.has_value() ? mean_->data() + offset : &channel_mean;
      const int mean_stride = mean_.has_value() ? 1 : 0;
      if (image.floats.empty()) {
        TransformRow(image.bytes.data() + offset, mean, mean_stride, window,
                     param_.scale(), to);
      } else {
        TransformRow(image.floats.data() + offset, mean, mean_stride, window,
                     param_.scale(), to);
      }
    }
  }
  return absl::OkStatus();
}

}  // namespace quantd
