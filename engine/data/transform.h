// transform_param: from a decoded image to a net's input.
#ifndef QUANTD_ENGINE_DATA_TRANSFORM_H_
#define QUANTD_ENGINE_DATA_TRANSFORM_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/optional.h"
#include "absl/types/span.h"
#include "engine/core/shape.h"
#include "engine/core/tensor.h"
#include "engine/data/decode_image.h"
#include "engine/data/image.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd {

// Crop, mean, scale and mirror as Caffe's DataTransformer: per element
// y = (x - mean) * scale in float32. Crop: the centre in TEST, (size - crop) /
// 2 rounded down; a random place in TRAIN. The mean image is indexed at the
// place before cropping. Difference to Caffe: `mirror` flips (half of) the
// images in TRAIN only, so that calibration and evaluation are reproducible.
//
// Random numbers: image n since the start (n counts on from round to round)
// has a Random(seed, n) of its own, which gives, in this order: the
// first row (where crop_size is set), the first column, the flip.
//
// Threads: safe.
class ImageTransform {
 public:
  // `mean` (C,H,W), the contents of mean_file, may be absent. `seed` determines
  // the random places and flips.
  // Errors: INVALID_ARGUMENT, OPTION_CONFLICT for mean_value with a mean image
  // and for force_color with force_gray.
  static absl::StatusOr<ImageTransform> Create(
      const caffe::TransformationParameter& param, caffe::Phase phase,
      absl::optional<Tensor> mean, uint64_t seed);

  // How encoded images must be decoded.
  static ColorMode ColorModeOf(const caffe::TransformationParameter& param);

  // The shape (C,h,w) that an image of these dimensions gets.
  // Errors: FAILED_PRECONDITION, DATASET_SHAPE_MISMATCH if it is smaller than
  // the crop, differs from the mean image, or the number of mean values is
  // neither 1 nor C.
  absl::StatusOr<Shape> OutputShape(const Image& image) const;

  // Writes the transformed image, OutputShape(image) elements, to `output`.
  // `index`: how many images came before it.
  // Errors: those of OutputShape().
  absl::Status Apply(const Image& image, uint64_t index,
                     absl::Span<float> output) const;

 private:
  ImageTransform(const caffe::TransformationParameter& param,
                 caffe::Phase phase, absl::optional<Tensor> mean, uint64_t seed)
      : param_(param), phase_(phase), mean_(std::move(mean)), seed_(seed) {}

  caffe::TransformationParameter param_;
  caffe::Phase phase_;
  absl::optional<Tensor> mean_;
  uint64_t seed_;
};

}  // namespace quantd

#endif  // QUANTD_ENGINE_DATA_TRANSFORM_H_
