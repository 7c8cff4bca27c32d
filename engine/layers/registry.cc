#include "engine/layers/registry.h"

#include "absl/strings/str_cat.h"
#include "base/error.h"

namespace quantd {

// Each is defined in its layer's file; the linker reports one that is missing.
#define QUANTD_LAYER(type, factory)                                  \
  std::unique_ptr<Layer> factory(const caffe::LayerParameter& param, \
                                 caffe::Phase phase);
#include "engine/layers/layers.inc"
#undef QUANTD_LAYER

namespace {

struct Entry {
  const char* type;
  std::unique_ptr<Layer> (*factory)(const caffe::LayerParameter&, caffe::Phase);
};

constexpr Entry kEntries[] = {
#define QUANTD_LAYER(type, factory) {type, factory},
#include "engine/layers/layers.inc"
#undef QUANTD_LAYER
};

constexpr char kNotPublic[] =
    "what it computes is not public; cut the network before it";
constexpr char kSsdInstead[] =
    "what it computes is not public; cut the network before it, or use a "
    "DetectionOutput layer";
constexpr char kYoloInstead[] =
    "what it computes is not public; cut the network before it, or use a "
    "YoloDetectionOutput or Yolov3DetectionOutput layer";

// Types of Caffe and its vendors that are left out on purpose, and what to do
// instead.
constexpr struct {
  const char* type;
  const char* advice;
} kRefused[] = {
    {"CondTake", kNotPublic},
    {"ContinuationIndicator",
     "give the recurrent layer's second bottom by an Input or a Data layer"},
    {"DecBBox", kSsdInstead},
    {"FSRDetectionOutput", kSsdInstead},
    {"FilterBox", kSsdInstead},
    {"FreespaceExtract", kNotPublic},
    {"MatrixInverse", kNotPublic},
    {"Postprocess", kNotPublic},
    {"Python",
     "its code is not run; replace it by layers that compute the same, or cut "
     "the network before it"},
    {"Region", kYoloInstead},
    {"SpatialTransform", "use a SpatialTransformer layer"},
    {"WarpPerspective", kNotPublic},
    {"WindowData",
     "it draws windows at random in every phase; crop them into an LMDB and "
     "use a Data layer"},
    {"Yolo", kYoloInstead},
    {"YoloV2DetectionOutput", kYoloInstead},
    {"YoloV3DetectionOutput", kYoloInstead},
    {"YoloV3DetectionOutputV2", kYoloInstead},
    {"custom",
     "its operator is not run; replace it by layers that compute the same, or "
     "cut the network before it"},
};

// What a message adds about `type`.
std::string Advice(const std::string& type) {
  for (const auto& [refused, advice] : kRefused) {
    if (type == refused) return absl::StrCat(": ", advice);
  }
  return "";
}

}  // namespace

absl::StatusOr<std::unique_ptr<Layer>> MakeLayer(
    const caffe::LayerParameter& param, caffe::Phase phase) {
  for (const Entry& entry : kEntries) {
    if (param.type() == entry.type) return entry.factory(param, phase);
  }
  return Error(
      absl::StatusCode::kUnimplemented, "NETWORK_UNSUPPORTED",
      absl::StrCat("layer type \"", param.type(), "\" of layer \"",
                   param.name(), "\" is not supported", Advice(param.type())),
      {{"layer", param.name()}, {"type", param.type()}});
}

std::vector<std::string> LayerTypes() {
  std::vector<std::string> types;
  for (const Entry& entry : kEntries) types.push_back(entry.type);
  return types;
}

}  // namespace quantd
