#include "engine/config/quantizable.h"

#include <algorithm>
#include <iterator>

namespace quantd {
namespace {

// Each array is sorted: they are searched.
constexpr absl::string_view kWeightTypes[] = {
    "Convolution", "Deconvolution", "DepthwiseConv", "DepthwiseConvolution",
    "GRU",         "InnerProduct",  "LSTM",          "RNN",
};

constexpr absl::string_view kDataTypes[] = {
    "ArgMax",       "ArgMin",
    "Axpy",         "BNLL",
    "CReLU",        "Ceil",
    "Concat",       "Crop",
    "ELU",          "Eltwise",
    "Exp",          "Flatten",
    "Gemm",         "GroupNorm",
    "Hswish",       "Interp",
    "LRN",          "LayerNormalization",
    "Log",          "MVN",
    "MatMul",       "Mvm",
    "Nms",          "Normalize",
    "PSROIPooling", "PassThrough",
    "Permute",      "Pooling",
    "Power",        "ROIAlign",
    "ROIPooling",   "ReduceMean",
    "ReduceProd",   "ReduceSum",
    "Reduction",    "Reorg",
    "Reshape",      "Reverse",
    "SPP",          "ShuffleChannel",
    "Sigmoid",      "Slice",
    "Softmax",      "Sort",
    "Split",        "Sqrt",
    "TanH",         "Threshold",
    "Tile",         "Upsample",
};

constexpr absl::string_view kOffByDefaultTypes[] = {
    "AbsVal",    "BatchNorm", "Bias", "Clip",  "Cos",   "Equal", "Erf",
    "Greater",   "PReLU",     "Pad",  "RReLU", "ReLU",  "ReLU6", "ReduceMax",
    "ReduceMin", "Scale",     "Sign", "Sin",   "Swish", "TopK",  "Unpooling",
};

constexpr absl::string_view kFusibleTypes[] = {
    "BatchNorm",     "Bias",          "Convolution",
    "Deconvolution", "DepthwiseConv", "DepthwiseConvolution",
    "InnerProduct",  "Scale",
};

// Types that only their bottom 0 carries data for.
constexpr absl::string_view kFirstBottomTypes[] = {
    "Crop",    "PSROIPooling", "ROIAlign", "ROIPooling",
    "Reshape", "Unpooling",    "Upsample",
};

constexpr absl::string_view kRecurrentTypes[] = {
    "GRU",
    "LSTM",
    "RNN",
};

template <typename Array>
bool Contains(const Array& sorted, absl::string_view type) {
  return std::binary_search(std::begin(sorted), std::end(sorted), type);
}

}  // namespace

QuantClass QuantClassOf(absl::string_view type) {
  if (Contains(kWeightTypes, type)) return QuantClass::kWeightsAndData;
  if (Contains(kDataTypes, type)) return QuantClass::kData;
  if (Contains(kOffByDefaultTypes, type)) return QuantClass::kDataOffByDefault;
  return QuantClass::kNever;
}

bool IsQuantizable(absl::string_view type) {
  return QuantClassOf(type) != QuantClass::kNever;
}

bool QuantizedByDefault(absl::string_view type) {
  const QuantClass quant_class = QuantClassOf(type);
  return quant_class == QuantClass::kWeightsAndData ||
         quant_class == QuantClass::kData;
}

bool AllowsChannelWise(absl::string_view type) {
  return type == "Convolution" || type == "DepthwiseConv" ||
         type == "DepthwiseConvolution" || type == "Deconvolution";
}

bool IsFusible(absl::string_view type) { return Contains(kFusibleTypes, type); }

bool IsRecurrent(absl::string_view type) {
  return Contains(kRecurrentTypes, type);
}

std::vector<int> QuantizedBottoms(const caffe::LayerParameter& layer) {
  std::vector<int> bottoms;
  if (!IsQuantizable(layer.type())) return bottoms;
  const bool first_only = Contains(kFirstBottomTypes, layer.type());
  for (int i = 0; i < layer.bottom_size(); ++i) {
    if (first_only && i > 0) break;
    if (i == 1 && IsRecurrent(layer.type())) continue;
    bottoms.push_back(i);
  }
  return bottoms;
}

}  // namespace quantd
