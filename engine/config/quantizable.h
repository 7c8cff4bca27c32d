// Which layer types can be quantized, and which of their inputs.
// Not here: what the user switched on (quant_config.h), which blobs follow from
// it (quant_plan.h).
#ifndef QUANTD_ENGINE_CONFIG_QUANTIZABLE_H_
#define QUANTD_ENGINE_CONFIG_QUANTIZABLE_H_

#include <vector>

#include "absl/strings/string_view.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd {

// AMCT's classes of layer types (the SS928 user guide's appendix).
enum class QuantClass {
  kWeightsAndData,    // Quantized unless switched off; has weights.
  kData,              // Quantized unless switched off; data only.
  kDataOffByDefault,  // Only with quant_enable true; data only.
  kNever,
};

QuantClass QuantClassOf(absl::string_view type);

// True if config.json has an entry for layers of this type.
bool IsQuantizable(absl::string_view type);

// quant_enable of a layer that config.json does not change.
bool QuantizedByDefault(absl::string_view type);

// True for the types whose weights may have one step per output channel:
// Convolution, DepthwiseConv, DepthwiseConvolution and Deconvolution.
bool AllowsChannelWise(absl::string_view type);

// True for the types that take part in fusion, as head or as member:
// Convolution, DepthwiseConv, DepthwiseConvolution, Deconvolution,
// InnerProduct, BatchNorm, Scale, Bias.
bool IsFusible(absl::string_view type);

// LSTM, RNN and GRU.
bool IsRecurrent(absl::string_view type);

// True for Concat, Split, Reshape, Flatten, Slice, Tile and Permute: they only
// move values, and the SoC's compiler runs no command for them. Their inputs
// must have the factors of their outputs.
bool OnlyMovesData(absl::string_view type);

// Indices of the bottoms that carry data, ascending. Left out are indices,
// masks, labels and shapes: bottom 1 of the ROI types, of recurrent layers
// (cont), Crop and Unpooling; and states that recurrent layers start with.
// Empty for QuantClass::kNever.
std::vector<int> QuantizedBottoms(const caffe::LayerParameter& layer);

// True if `layer` asks bottom `bottom` for its shape only, and so does not mind
// whether it is quantized: both bottoms of PriorBox, bottom 1 of Crop.
bool ReadsShapeOnly(const caffe::LayerParameter& layer, int bottom);

// Indices of the blobs that layers of QuantClass::kWeightsAndData multiply by,
// ascending: 0, and further ones of recurrent layers, whose blobs are
//   LSTM, GRU: W_x, b, [W_static], W_h
//   RNN:       W_xh, b_h, [W_static], W_hh, W_ho, b_o
// Empty for a layer without blobs.
std::vector<int> WeightBlobs(const caffe::LayerParameter& layer);

// Indices of the blobs that such layers add, ascending.
std::vector<int> BiasBlobs(const caffe::LayerParameter& layer);

// How many blobs a recurrent layer with these bottoms has.
int NumRecurrentBlobs(const caffe::LayerParameter& layer);

}  // namespace quantd

#endif  // QUANTD_ENGINE_CONFIG_QUANTIZABLE_H_
