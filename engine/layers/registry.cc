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

}  // namespace

absl::StatusOr<std::unique_ptr<Layer>> MakeLayer(
    const caffe::LayerParameter& param, caffe::Phase phase) {
  for (const Entry& entry : kEntries) {
    if (param.type() == entry.type) return entry.factory(param, phase);
  }
  return Error(absl::StatusCode::kUnimplemented, "NETWORK_UNSUPPORTED",
               absl::StrCat("layer type \"", param.type(), "\" of layer \"",
                            param.name(), "\" is not supported"),
               {{"layer", param.name()}, {"type", param.type()}});
}

std::vector<std::string> LayerTypes() {
  std::vector<std::string> types;
  for (const Entry& entry : kEntries) types.push_back(entry.type);
  return types;
}

}  // namespace quantd
