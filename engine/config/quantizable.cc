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

constexpr absl::string_view kMovingTypes[] = {
    "Concat", "Flatten", "Permute", "Reshape", "Slice", "Split", "Tile",
};

template <typename Array>
bool Contains(const Array& sorted, absl::string_view type) {
  return std::binary_search(std::begin(sorted), std::end(sorted), type);
}

// Bottoms of a recurrent layer before the states that it starts with: x, cont
// and, perhaps, the static input.
int NumSequenceBottoms(const caffe::LayerParameter& layer) {
  if (!layer.recurrent_param().expose_hidden()) return layer.bottom_size();
  return layer.bottom_size() - (layer.type() == "LSTM" ? 2 : 1);
}

// The last blob of an RNN is the bias of its output.
bool IsBias(const caffe::LayerParameter& layer, int blob) {
  return blob == 1 ||
         (layer.type() == "RNN" && blob > 3 && blob + 1 == layer.blobs_size());
}

std::vector<int> BlobsOf(const caffe::LayerParameter& layer, bool biases) {
  const int num_blobs = IsRecurrent(layer.type())
                            ? layer.blobs_size()
                            : std::min(layer.blobs_size(), 2);
  std::vector<int> blobs;
  for (int i = 0; i < num_blobs; ++i) {
    if (IsBias(layer, i) == biases) blobs.push_back(i);
  }
  return blobs;
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

bool OnlyMovesData(absl::string_view type) {
  return Contains(kMovingTypes, type);
}

std::vector<int> QuantizedBottoms(const caffe::LayerParameter& layer) {
  std::vector<int> bottoms;
  if (!IsQuantizable(layer.type())) return bottoms;
  const bool first_only = Contains(kFirstBottomTypes, layer.type());
  const bool recurrent = IsRecurrent(layer.type());
  const int end = recurrent ? NumSequenceBottoms(layer) : layer.bottom_size();
  for (int i = 0; i < end; ++i) {
    if (first_only && i > 0) break;
    if (i == 1 && recurrent) continue;
    bottoms.push_back(i);
  }
  return bottoms;
}

bool ReadsShapeOnly(const caffe::LayerParameter& layer, int bottom) {
  return layer.type() == "PriorBox" || (layer.type() == "Crop" && bottom == 1);
}

std::vector<int> WeightBlobs(const caffe::LayerParameter& layer) {
  return BlobsOf(layer, /*biases=*/false);
}

std::vector<int> BiasBlobs(const caffe::LayerParameter& layer) {
  return BlobsOf(layer, /*biases=*/true);
}

int NumRecurrentBlobs(const caffe::LayerParameter& layer) {
  const int with_static = NumSequenceBottoms(layer) > 2 ? 1 : 0;
  return (layer.type() == "RNN" ? 5 : 3) + with_static;
}

}  // namespace quantd
