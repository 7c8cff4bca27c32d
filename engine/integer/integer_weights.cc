#include "engine/integer/integer_weights.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "engine/config/quantizable.h"
#include "engine/core/blob_proto.h"
#include "engine/export/layer_weights.h"

namespace quantd {
namespace {

absl::Status BlobError(const std::string& layer, int blob,
                       const std::string& problem) {
  return Error(absl::StatusCode::kFailedPrecondition, "MODEL_WEIGHTS_MISMATCH",
               absl::StrCat("layer \"", layer, "\", blob ", blob, ": ", problem,
                            "; pass the caffemodel of this deploy model"),
               {{"layer", layer}, {"blob", absl::StrCat(blob)}});
}

absl::Status CheckNumValues(const std::string& layer, int blob,
                            const Shape& shape, int64_t found) {
  if (found == shape.num_elements()) return absl::OkStatus();
  return BlobError(
      layer, blob,
      absl::StrCat("shape ", shape.ToString(), " has ", shape.num_elements(),
                   " values, but ", found, " are stored"));
}

// Without axes of 1 at the front: legacy shapes have four axes.
std::vector<int64_t> WithoutLeadingOnes(const Shape& shape) {
  const auto first = std::find_if(shape.dims().begin(), shape.dims().end(),
                                  [](int64_t dim) { return dim != 1; });
  return {first, shape.dims().end()};
}

absl::StatusOr<std::vector<int8_t>> ReadWeights(
    const caffe::LayerParameter& layer, int blob) {
  const caffe::BlobProto& codes = layer.blobs(blob);
  ASSIGN_OR_RETURN(const Shape shape, ShapeOf(codes));
  RETURN_IF_ERROR(
      CheckNumValues(layer.name(), blob, shape,
                     static_cast<int64_t>(codes.int8_data().size())));
  return std::vector<int8_t>(codes.int8_data().begin(),
                             codes.int8_data().end());
}

absl::StatusOr<std::vector<int32_t>> ReadBias(
    const caffe::LayerParameter& layer, int blob) {
  const caffe::BlobProto& bias = layer.blobs(blob);
  ASSIGN_OR_RETURN(const Shape shape, ShapeOf(bias));
  if (bias.int32_data_size() == 0 && NumValues(bias) > 0) {
    return BlobError(layer.name(), blob, "the bias is not in int32_data");
  }
  RETURN_IF_ERROR(
      CheckNumValues(layer.name(), blob, shape, bias.int32_data_size()));
  return std::vector<int32_t>(bias.int32_data().begin(),
                              bias.int32_data().end());
}

absl::Status CheckRecurrent(const caffe::LayerParameter& layer,
                            const DeployFactors& factors) {
  if (layer.blobs_size() != NumRecurrentBlobs(layer)) {
    return BlobError(
        layer.name(), std::min(layer.blobs_size(), NumRecurrentBlobs(layer)),
        absl::StrCat("the layer has ", NumRecurrentBlobs(layer), " blobs, but ",
                     layer.blobs_size(), " are stored"));
  }
  const auto num_inputs = static_cast<int>(factors.inputs.size());
  for (const int bottom : QuantizedBottoms(layer)) {
    if (bottom < num_inputs && factors.inputs[bottom]) continue;
    const std::string field = absl::StrCat("input[", bottom, "]");
    return Error(absl::StatusCode::kFailedPrecondition, "RECORD_INCOMPLETE",
                 absl::StrCat("layer \"", layer.name(), "\": ", field,
                              " must be S8 or S16; the blobs are integers"),
                 {{"layer", layer.name()}, {"field", field}});
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<IntegerWeights> ReadIntegerWeights(
    const caffe::LayerParameter& layer, const DeployFactors& factors) {
  IntegerWeights weights;
  if (layer.blobs_size() > 2) {
    return BlobError(layer.name(), 2, "layers with integers have two blobs");
  }
  ASSIGN_OR_RETURN(weights.codes, ReadWeights(layer, 0));
  ASSIGN_OR_RETURN(weights.shape, ShapeOf(layer.blobs(0)));
  if (layer.blobs_size() > 1) {
    ASSIGN_OR_RETURN(weights.bias, ReadBias(layer, 1));
  }
  const double scale_d = factors.inputs[0]->scale;
  for (const float scale_w : factors.scale_w) {
    weights.steps.push_back(scale_d * scale_w);
  }
  return weights;
}

absl::StatusOr<std::vector<IntegerBlob>> ReadRecurrentIntegers(
    const caffe::LayerParameter& layer, const DeployFactors& factors) {
  RETURN_IF_ERROR(CheckRecurrent(layer, factors));
  std::vector<IntegerBlob> blobs(layer.blobs_size());
  const std::vector<int> weight_blobs = WeightBlobs(layer);
  for (size_t k = 0; k < weight_blobs.size(); ++k) {
    ASSIGN_OR_RETURN(const absl::Span<const float> scales,
                     ScalesOfBlob(layer, factors.scale_w, static_cast<int>(k)));
    ASSIGN_OR_RETURN(const std::vector<int8_t> codes,
                     ReadWeights(layer, weight_blobs[k]));
    blobs[weight_blobs[k]] = {weight_blobs[k],
                              /*is_bias=*/false,
                              /*shape=*/{},
                              {codes.begin(), codes.end()},
                              scales[0]};
  }
  for (const int blob : BiasBlobs(layer)) {
    ASSIGN_OR_RETURN(std::vector<int32_t> codes, ReadBias(layer, blob));
    blobs[blob] = {blob,
                   /*is_bias=*/true,
                   /*shape=*/{}, std::move(codes),
                   blobs[0].step * factors.inputs[0]->scale};
  }
  for (IntegerBlob& blob : blobs) {
    ASSIGN_OR_RETURN(blob.shape, ShapeOf(layer.blobs(blob.blob)));
  }
  return blobs;
}

absl::Status CheckShape(int blob, const Shape& found, const Shape& expected) {
  if (WithoutLeadingOnes(found) == WithoutLeadingOnes(expected)) {
    return absl::OkStatus();
  }
  return Error(absl::StatusCode::kFailedPrecondition, "MODEL_WEIGHTS_MISMATCH",
               absl::StrCat("blob ", blob, " has shape ", found.ToString(),
                            ", the layer expects ", expected.ToString()),
               {{"blob", absl::StrCat(blob)},
                {"expected", expected.ToString()},
                {"found", found.ToString()}});
}

absl::Status CheckFits(const IntegerWeights& weights, const Shape& expected,
                       int64_t num_bias, int64_t num_channels) {
  RETURN_IF_ERROR(CheckShape(/*blob=*/0, weights.shape, expected));
  const auto found = static_cast<int64_t>(weights.bias.size());
  if (found != num_bias) {
    return Error(absl::StatusCode::kFailedPrecondition,
                 "MODEL_WEIGHTS_MISMATCH",
                 absl::StrCat("blob 1, the bias, has ", found,
                              " values, the layer expects ", num_bias),
                 {{"blob", "1"},
                  {"expected", absl::StrCat(num_bias)},
                  {"found", absl::StrCat(found)}});
  }
  const auto steps = static_cast<int64_t>(weights.steps.size());
  if (steps == 1 || steps == num_channels) return absl::OkStatus();
  return Error(absl::StatusCode::kInvalidArgument, "RECORD_INVALID",
               absl::StrCat("weight.scale has ", steps,
                            " values; one or one per output channel (",
                            num_channels, ") are needed"),
               {{"field", "weight.scale"}});
}

}  // namespace quantd
