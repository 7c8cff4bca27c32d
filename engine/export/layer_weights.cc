#include "engine/export/layer_weights.h"

#include <cmath>
#include <limits>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "engine/config/quantizable.h"
#include "engine/core/blob_proto.h"
#include "engine/quant/arq.h"

namespace quantd {
namespace {

constexpr int kCodeBits = 8;

absl::Status InLayer(const absl::Status& status, const std::string& layer) {
  return Annotate(status, absl::StrCat("layer \"", layer, "\": "),
                  {{"layer", layer}});
}

absl::Status ShapeError(const caffe::LayerParameter& layer,
                        const std::string& found) {
  return Error(
      absl::StatusCode::kFailedPrecondition, "MODEL_WEIGHTS_MISMATCH",
      absl::StrCat("layer \"", layer.name(), "\" of type ", layer.type(),
                   " has ", found, "; pass the caffemodel of this prototxt"),
      {{"layer", layer.name()}, {"found", found}});
}

// Calls move(row_position, blob_position) for each element.
template <typename Move>
void ForEachElement(const WeightLayout& layout, Move move) {
  int64_t row = 0;
  for (int64_t g = 0; g < layout.groups; ++g) {
    for (int64_t c = 0; c < layout.channels_per_group; ++c) {
      for (int64_t i = 0; i < layout.inputs; ++i) {
        const int64_t start =
            ((g * layout.inputs + i) * layout.channels_per_group + c) *
            layout.kernel;
        for (int64_t k = 0; k < layout.kernel; ++k) move(row++, start + k);
      }
    }
  }
}

absl::Status WrongNumScales(int64_t found, int64_t expected,
                            const char* allowed) {
  return Error(absl::StatusCode::kInvalidArgument, "RECORD_INVALID",
               absl::StrCat("scale_w has ", found, " values; ", allowed, " (",
                            expected, ") are needed"),
               {{"field", "scale_w"},
                {"found", absl::StrCat(found)},
                {"expected", absl::StrCat(expected)}});
}

absl::StatusOr<std::vector<int8_t>> CodesOf(
    const caffe::LayerParameter& layer, const amct::SingleLayerRecord& record,
    int k) {
  const std::vector<int> blobs = WeightBlobs(layer);
  if (k >= static_cast<int>(blobs.size())) {
    return ShapeError(layer, "no weights");
  }
  ASSIGN_OR_RETURN(const WeightLayout layout, WeightLayoutOf(layer, blobs[k]));
  ASSIGN_OR_RETURN(const absl::Span<const float> scales,
                   ScalesOfBlob(layer, record.scale_w(), k));
  const auto num_scales = static_cast<int64_t>(scales.size());
  if (num_scales != 1 && num_scales != layout.num_channels()) {
    return WrongNumScales(num_scales, layout.num_channels(),
                          "one or one per output channel");
  }
  ASSIGN_OR_RETURN(const std::vector<double> rows,
                   ChannelRows(layer, blobs[k]));
  WeightFactors factors;
  factors.scale.assign(scales.begin(), scales.end());
  factors.offset.assign(factors.scale.size(), 0);
  ASSIGN_OR_RETURN(const std::vector<int8_t> row_codes,
                   QuantizeWeights<double>(factors, kCodeBits, rows));
  std::vector<int8_t> codes(row_codes.size());
  ForEachElement(layout, [&](int64_t row, int64_t position) {
    codes[position] = row_codes[row];
  });
  return codes;
}

}  // namespace

absl::StatusOr<WeightLayout> WeightLayoutOf(const caffe::LayerParameter& layer,
                                            int blob) {
  if (blob >= layer.blobs_size()) return ShapeError(layer, "no weights");
  ASSIGN_OR_RETURN(const Shape shape, ShapeOf(layer.blobs(blob)));
  if (shape.num_elements() == 0) return ShapeError(layer, "empty weights");
  WeightLayout layout;
  if (!AllowsChannelWise(layer.type())) {
    layout.kernel = shape.num_elements();
    return layout;
  }
  if (layer.type() != "Deconvolution") {
    layout.channels_per_group = shape.num_axes() > 0 ? shape[0] : 1;
    layout.kernel = shape.num_elements() / layout.channels_per_group;
    return layout;
  }
  const int64_t group = layer.convolution_param().group();
  if (shape.num_axes() < 2 || group < 1 || shape[0] % group != 0) {
    return ShapeError(layer, absl::StrCat("weights of shape ", shape.ToString(),
                                          " and group ", group));
  }
  layout.groups = group;
  layout.inputs = shape[0] / group;
  layout.channels_per_group = shape[1];
  layout.kernel = shape.Count(2);
  return layout;
}

absl::StatusOr<std::vector<double>> ChannelRows(
    const caffe::LayerParameter& layer, int blob) {
  ASSIGN_OR_RETURN(const WeightLayout layout, WeightLayoutOf(layer, blob));
  ASSIGN_OR_RETURN(const Tensor weights, MakeTensor(layer.blobs(blob)));
  std::vector<double> rows(weights.num_elements());
  ForEachElement(layout, [&](int64_t row, int64_t position) {
    rows[row] = weights.data()[position];
  });
  return rows;
}

absl::Status StoreChannelRows(absl::Span<const float> rows,
                              caffe::LayerParameter* layer) {
  ASSIGN_OR_RETURN(const WeightLayout layout, WeightLayoutOf(*layer));
  std::vector<float> values(rows.size());
  ForEachElement(layout, [&](int64_t row, int64_t position) {
    values[position] = rows[row];
  });
  caffe::BlobProto* blob = layer->mutable_blobs(0);
  blob->clear_double_data();
  blob->mutable_data()->Assign(values.begin(), values.end());
  return absl::OkStatus();
}

absl::StatusOr<absl::Span<const float>> ScalesOfBlob(
    const caffe::LayerParameter& layer, absl::Span<const float> scale_w,
    int k) {
  if (!IsRecurrent(layer.type())) return scale_w;
  const size_t num_blobs = WeightBlobs(layer).size();
  if (scale_w.size() == num_blobs) return scale_w.subspan(k, 1);
  return WrongNumScales(static_cast<int64_t>(scale_w.size()),
                        static_cast<int64_t>(num_blobs), "one per weight blob");
}

absl::StatusOr<std::vector<int8_t>> WeightCodes(
    const caffe::LayerParameter& layer, const amct::SingleLayerRecord& record,
    int k) {
  auto codes = CodesOf(layer, record, k);
  if (!codes.ok()) return InLayer(codes.status(), layer.name());
  return codes;
}

absl::Status RoundWeights(const amct::SingleLayerRecord& record,
                          caffe::LayerParameter* layer) {
  const std::vector<int> blobs = WeightBlobs(*layer);
  for (size_t k = 0; k < blobs.size(); ++k) {
    ASSIGN_OR_RETURN(const std::vector<int8_t> codes,
                     WeightCodes(*layer, record, static_cast<int>(k)));
    ASSIGN_OR_RETURN(const WeightLayout layout,
                     WeightLayoutOf(*layer, blobs[k]));
    ASSIGN_OR_RETURN(
        const absl::Span<const float> scales,
        ScalesOfBlob(*layer, record.scale_w(), static_cast<int>(k)));
    caffe::BlobProto* blob = layer->mutable_blobs(blobs[k]);
    blob->clear_diff();
    blob->clear_double_data();
    blob->clear_double_diff();
    blob->clear_data();
    blob->mutable_data()->Reserve(static_cast<int>(codes.size()));
    for (size_t i = 0; i < codes.size(); ++i) {
      const size_t channel = scales.size() == 1 ? 0 : layout.ChannelOf(i);
      blob->add_data(static_cast<float>(codes[i]) * scales[channel]);
    }
  }
  return absl::OkStatus();
}

std::vector<float> BiasScales(const amct::SingleLayerRecord& record,
                              float scale_d) {
  std::vector<float> scales;
  for (float scale_w : record.scale_w()) scales.push_back(scale_w * scale_d);
  return scales;
}

absl::StatusOr<std::vector<int32_t>> BiasCodes(absl::string_view layer,
                                               absl::Span<const float> bias,
                                               absl::Span<const float> scales) {
  constexpr double kLow = std::numeric_limits<int32_t>::min();
  constexpr double kHigh = std::numeric_limits<int32_t>::max();
  if (scales.size() != 1 && scales.size() != bias.size()) {
    return Error(
        absl::StatusCode::kInvalidArgument, "RECORD_INVALID",
        absl::StrCat("layer \"", layer, "\": scale_w has ", scales.size(),
                     " values, but the bias has ", bias.size()),
        {{"layer", std::string(layer)}, {"field", "scale_w"}});
  }
  std::vector<int32_t> codes(bias.size());
  for (size_t i = 0; i < bias.size(); ++i) {
    const float scale = scales[scales.size() == 1 ? 0 : i];
    // nearbyint rounds half to even in the default rounding mode.
    const double code = std::nearbyint(bias[i] / scale);
    if (!(code >= kLow && code <= kHigh)) {
      return Error(
          absl::StatusCode::kFailedPrecondition, "BIAS_OUT_OF_RANGE",
          absl::StrCat("Quantized bias ", code, " of layer \"", layer,
                       "\" exceed int32 range:[",
                       std::numeric_limits<int32_t>::min(), ", ",
                       std::numeric_limits<int32_t>::max(),
                       "], please add it to skip layer. Do bias quantize "
                       "failed."),
          {{"layer", std::string(layer)},
           {"value", absl::StrCat(code)},
           {"channel", absl::StrCat(i)}});
    }
    codes[i] = static_cast<int32_t>(code);
  }
  return codes;
}

absl::StatusOr<std::vector<QuantizedBias>> QuantizeBiases(
    const caffe::LayerParameter& layer, const amct::SingleLayerRecord& record,
    float scale_d) {
  std::vector<float> scales = BiasScales(record, scale_d);
  if (IsRecurrent(layer.type()) && scales.size() > 1) scales.resize(1);
  std::vector<QuantizedBias> biases;
  for (const int blob : BiasBlobs(layer)) {
    ASSIGN_OR_RETURN(const Tensor floats, MakeTensor(layer.blobs(blob)));
    QuantizedBias bias;
    bias.blob = blob;
    ASSIGN_OR_RETURN(bias.codes,
                     BiasCodes(layer.name(), floats.values(), scales));
    for (size_t i = 0; i < bias.codes.size(); ++i) {
      bias.values.push_back(static_cast<float>(bias.codes[i]) *
                            scales[scales.size() == 1 ? 0 : i]);
    }
    biases.push_back(std::move(bias));
  }
  return biases;
}

}  // namespace quantd
