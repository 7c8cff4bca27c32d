#include "engine/graph/drop_tail.h"

#include <algorithm>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/error.h"

namespace quantd {
namespace {

bool IsTail(const std::string& type) {
  static constexpr const char* kTypes[] = {"FSRDetectionOutput",
                                           "FreespaceExtract",
                                           "Postprocess",
                                           "Region",
                                           "Yolo",
                                           "YoloV2DetectionOutput",
                                           "YoloV3DetectionOutput",
                                           "YoloV3DetectionOutputV2"};
  return std::find(std::begin(kTypes), std::end(kTypes), type) !=
         std::end(kTypes);
}

absl::Status FeedsAnother(const std::string& blob,
                          const caffe::LayerParameter& reader) {
  return Error(
      absl::StatusCode::kUnimplemented, "NETWORK_UNSUPPORTED",
      absl::StrCat("layer \"", reader.name(), "\" (", reader.type(),
                   ") reads blob \"", blob,
                   "\" of a post-processing layer that cannot be run; such "
                   "layers must be the last ones"),
      {{"layer", reader.name()}, {"type", reader.type()}, {"blob", blob}});
}

}  // namespace

absl::StatusOr<caffe::NetParameter> DropTail(caffe::NetParameter net) {
  std::set<std::string> dropped;  // Blobs.
  for (const caffe::LayerParameter& layer : net.layer()) {
    if (IsTail(layer.type())) {
      dropped.insert(layer.top().begin(), layer.top().end());
      continue;
    }
    for (const std::string& bottom : layer.bottom()) {
      if (dropped.count(bottom) > 0) return FeedsAnother(bottom, layer);
    }
  }
  auto* layers = net.mutable_layer();
  layers->erase(std::remove_if(layers->begin(), layers->end(),
                               [](const caffe::LayerParameter& layer) {
                                 return IsTail(layer.type());
                               }),
                layers->end());
  return net;
}

}  // namespace quantd
