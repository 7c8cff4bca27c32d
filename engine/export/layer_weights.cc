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

absl::StatusOr<std::vector<int8_t>> CodesOf(
    const caffe::LayerParameter& layer, const amct::SingleLayerRecord& record) {
  ASSIGN_OR_RETURN(const WeightLayout layout, WeightLayoutOf(layer));
  const int num_scales = record.scale_w_size();
  if (num_scales != 1 && num_scales != layout.num_channels()) {
    return Error(absl::StatusCode::kInvalidArgument, "RECORD_INVALID",
                 absl::StrCat("scale_w has ", num_scales,
                              " values; one or one per output channel (",
                              layout.num_channels(), ") are needed"),
                 {{"field", "scale_w"},
                  {"found", absl::StrCat(num_scales)},
                  {"expected", absl::StrCat(layout.num_channels())}});
  }
  ASSIGN_OR_RETURN(const std::vector<double> rows, ChannelRows(layer));
  WeightFactors factors;
  factors.scale.assign(record.scale_w().begin(), record.scale_w().end());
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

absl::StatusOr<WeightLayout> WeightLayoutOf(
    const caffe::LayerParameter& layer) {
  if (layer.blobs_size() == 0) return ShapeError(layer, "no weights");
  ASSIGN_OR_RETURN(const Shape shape, ShapeOf(layer.blobs(0)));
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
    const caffe::LayerParameter& layer) {
  ASSIGN_OR_RETURN(const WeightLayout layout, WeightLayoutOf(layer));
  ASSIGN_OR_RETURN(const Tensor weights, MakeTensor(layer.blobs(0)));
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

absl::StatusOr<std::vector<int8_t>> WeightCodes(
    const caffe::LayerParameter& layer, const amct::SingleLayerRecord& record) {
  auto codes = CodesOf(layer, record);
  if (!codes.ok()) return InLayer(codes.status(), layer.name());
  return codes;
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

}  // namespace quantd
