// Whatever net a prototxt describes, building and running it ends in blobs or
// in an error. Layers that open files stay out.
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/match.h"
#include "engine/core/net.h"
#include "engine/layers/registry.h"
#include "engine/model/load_model.h"

namespace {

// Small, so that one input takes milliseconds.
constexpr int64_t kMaxNetBytes = 1 << 20;
constexpr int kMaxLayers = 64;

absl::StatusOr<std::unique_ptr<quantd::Layer>> MakeFuzzedLayer(
    const caffe::LayerParameter& param, caffe::Phase phase) {
  if (absl::StrContains(param.type(), "Data") ||
      absl::StrContains(param.type(), "HDF5")) {
    return absl::UnimplementedError("opens files");
  }
  return quantd::MakeLayer(param, phase);
}

void RunNet(const std::string& text, caffe::Phase phase, bool backward) {
  quantd::LoadOptions load;
  load.phase = phase;
  const auto model = quantd::LoadModel(text, "net.prototxt", "", "", load);
  if (!model.ok() || model->net.layer_size() > kMaxLayers) return;
  quantd::Net::Options options;
  options.phase = phase;
  options.max_bytes = kMaxNetBytes;
  options.backward = backward;
  const auto net = quantd::Net::Create(model->net, options, MakeFuzzedLayer);
  if (!net.ok() || !(*net)->Forward().ok()) return;
  if (backward) (*net)->Backward().IgnoreError();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  RunNet(text, caffe::TEST, false);
  RunNet(text, caffe::TRAIN, true);
  return 0;
}
