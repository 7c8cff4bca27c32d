#include "engine/core/filler.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "engine/core/random.h"

namespace quantd {
namespace {

// Mean 0, deviation 1, by Box and Muller.
double Gaussian(Random* random) {
  const double radius = std::sqrt(-2 * std::log(1 - random->Uniform()));
  return radius * std::cos(2 * 3.14159265358979323846 * random->Uniform());
}

absl::Status FillerError(const std::string& problem) {
  return Error(absl::StatusCode::kInvalidArgument, "LAYER_PARAMETER_INVALID",
               absl::StrCat("filler ", problem), {{"field", "filler"}});
}

// The n of xavier and msra.
double Fan(const caffe::FillerParameter& filler, const Shape& shape) {
  const double count = static_cast<double>(shape.num_elements());
  const double fan_in = count / std::max<int64_t>(shape.LegacyDim(0), 1);
  const double fan_out = count / std::max<int64_t>(shape.LegacyDim(1), 1);
  switch (filler.variance_norm()) {
    case caffe::FillerParameter::FAN_OUT:
      return fan_out;
    case caffe::FillerParameter::AVERAGE:
      return (fan_in + fan_out) / 2;
    default:
      return fan_in;
  }
}

void FillUniform(double min, double max, Random* random, Tensor* blob) {
  for (float& value : blob->values()) {
    value = static_cast<float>(min + (max - min) * random->Uniform());
  }
}

void FillGaussian(double mean, double std, Random* random, Tensor* blob) {
  for (float& value : blob->values()) {
    value = static_cast<float>(mean + std * Gaussian(random));
  }
}

// Uniform, then every item's values scaled to the sum 1.
void FillPositiveUnitball(Random* random, Tensor* blob) {
  FillUniform(0, 1, random, blob);
  const int64_t items = std::max<int64_t>(blob->shape().LegacyDim(0), 1);
  const int64_t size = blob->num_elements() / items;
  for (int64_t i = 0; i < items; ++i) {
    absl::Span<float> item = blob->values().subspan(i * size, size);
    double sum = 0;
    for (float value : item) sum += value;
    for (float& value : item) value = static_cast<float>(value / sum);
  }
}

absl::Status FillBilinear(Tensor* blob) {
  const Shape& shape = blob->shape();
  if (shape.num_axes() != 4 || shape[2] != shape[3]) {
    return FillerError("\"bilinear\" needs a 4-D blob with a square kernel");
  }
  const int64_t kernel = shape[3];
  const int64_t factor = (kernel + 1) / 2;
  const double center = (kernel - 1) / (2.0 * factor);
  absl::Span<float> values = blob->values();
  for (int64_t i = 0; i < static_cast<int64_t>(values.size()); ++i) {
    const double x = static_cast<double>(i % kernel) / factor;
    const double y = static_cast<double>(i / kernel % kernel) / factor;
    values[i] = static_cast<float>((1 - std::abs(x - center)) *
                                   (1 - std::abs(y - center)));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status Fill(const caffe::FillerParameter& filler, uint64_t seed,
                  Tensor* blob) {
  Random random(seed, 0);
  const std::string& type = filler.type();
  if (type == "constant") {
    if (filler.value() == 0) return absl::OkStatus();  // As it is made.
    absl::Span<float> values = blob->values();
    std::fill(values.begin(), values.end(), filler.value());
  } else if (type == "uniform") {
    FillUniform(filler.min(), filler.max(), &random, blob);
  } else if (type == "gaussian") {
    FillGaussian(filler.mean(), filler.std(), &random, blob);
  } else if (type == "xavier") {
    const double bound = std::sqrt(3 / Fan(filler, blob->shape()));
    FillUniform(-bound, bound, &random, blob);
  } else if (type == "msra") {
    const double std = std::sqrt(2 / Fan(filler, blob->shape()));
    FillGaussian(0, std, &random, blob);
  } else if (type == "positive_unitball") {
    FillPositiveUnitball(&random, blob);
  } else if (type == "bilinear") {
    return FillBilinear(blob);
  } else {
    return FillerError(absl::StrCat("type \"", type, "\" is not known"));
  }
  return absl::OkStatus();
}

caffe::FillerParameter ConstantFiller(float value) {
  caffe::FillerParameter filler;
  filler.set_value(value);
  return filler;
}

}  // namespace quantd
