// Integer weights and biases of one layer.
// Not here: choosing the steps (engine/quant/arq.h).
#ifndef QUANTD_ENGINE_EXPORT_LAYER_WEIGHTS_H_
#define QUANTD_ENGINE_EXPORT_LAYER_WEIGHTS_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "proto/amct/scale_offset_record.pb.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd {

// Where the output channels are in a blob: element (g, i, c, k) of channel
// g * channels_per_group + c stands at
// ((g * inputs + i) * channels_per_group + c) * kernel + k.
struct WeightLayout {
  int64_t groups = 1;
  int64_t inputs = 1;  // 1 where the channel is the first axis.
  int64_t channels_per_group = 1;
  int64_t kernel = 1;  // Elements that stay together.

  int64_t num_channels() const { return groups * channels_per_group; }
  int64_t num_elements() const { return num_channels() * inputs * kernel; }
  // Channel of the element at `position` of the blob.
  int64_t ChannelOf(int64_t position) const {
    const int64_t column = position / kernel;
    return column / (inputs * channels_per_group) * channels_per_group +
           column % channels_per_group;
  }
};

// The layout of a blob of weights of `layer`. Convolution, DepthwiseConv,
// DepthwiseConvolution: channels first (cout, cin / g, kernel...).
// Deconvolution: (cin, cout / g, kernel...). Other types: one channel.
// Errors: FAILED_PRECONDITION, MODEL_WEIGHTS_MISMATCH with layer for a layer
// without blobs or of an impossible shape.
absl::StatusOr<WeightLayout> WeightLayoutOf(const caffe::LayerParameter& layer,
                                            int blob = 0);

// A blob as double (AMCT quantizes in double), output channel first.
// Errors: as WeightLayoutOf(); RESOURCE_EXHAUSTED without memory.
absl::StatusOr<std::vector<double>> ChannelRows(
    const caffe::LayerParameter& layer, int blob = 0);

// Writes `rows`, one value per weight with the output channel first, as the
// floats of blob 0. Errors: as WeightLayoutOf().
absl::Status StoreChannelRows(absl::Span<const float> rows,
                              caffe::LayerParameter* layer);

// The steps of weight blob number `k` (of WeightBlobs(), quantizable.h) among
// all of a layer: a recurrent layer has one per weight blob, in blob order, the
// others have only one such blob.
// Errors: INVALID_ARGUMENT, RECORD_INVALID with field for a recurrent layer
// with another number of steps.
absl::StatusOr<absl::Span<const float>> ScalesOfBlob(
    const caffe::LayerParameter& layer, absl::Span<const float> scale_w, int k);

// Codes of weight blob number `k` in the blob's own order:
//   clip(round(w / scale_w[c]), -128, 127), double division, half away from 0.
// 4-bit weights (num_bits_w) have such codes, too, 16 different ones at most in
// a block: their layers' floats were clustered before.
// Errors: as ChannelRows() and QuantizeWeights(); INVALID_ARGUMENT,
// RECORD_INVALID if scale_w is neither one nor one per channel. All name the
// layer.
absl::StatusOr<std::vector<int8_t>> WeightCodes(
    const caffe::LayerParameter& layer, const amct::SingleLayerRecord& record,
    int k = 0);

// Replaces all weights by their codes times their steps. Biases stay.
// Errors: as WeightCodes().
absl::Status RoundWeights(const amct::SingleLayerRecord& record,
                          caffe::LayerParameter* layer);

// The step of each element's product: float32 scale_w * scale_d, one per
// channel or one.
std::vector<float> BiasScales(const amct::SingleLayerRecord& record,
                              float scale_d);

// round(b / scale), float32 division, half to even, as AMCT's numpy does it.
// `scales`: one, or as many as `bias`.
// Errors: FAILED_PRECONDITION, BIAS_OUT_OF_RANGE with layer and value if a
// result is beyond int32; INVALID_ARGUMENT, RECORD_INVALID for another number
// of scales.
absl::StatusOr<std::vector<int32_t>> BiasCodes(absl::string_view layer,
                                               absl::Span<const float> bias,
                                               absl::Span<const float> scales);

// An integer bias.
struct QuantizedBias {
  int blob = 1;
  std::vector<int32_t> codes;
  std::vector<float> values;  // What the codes stand for.
};

// All biases of `layer`, in blob order; scale_d is that of input 0. Their steps
// are BiasScales(), in a recurrent layer that of its first weight blob for each
// of them. Errors: as BiasCodes().
absl::StatusOr<std::vector<QuantizedBias>> QuantizeBiases(
    const caffe::LayerParameter& layer, const amct::SingleLayerRecord& record,
    float scale_d);

}  // namespace quantd

#endif  // QUANTD_ENGINE_EXPORT_LAYER_WEIGHTS_H_
