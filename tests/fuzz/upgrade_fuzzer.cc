// Whatever old net a file holds, its upgrade ends in a net of today or in an
// error, and a net of today stays as it is.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "engine/model/phase_filter.h"
#include "engine/model/prototxt.h"
#include "engine/model/upgrade.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  auto net = quantd::ParseNetPrototxt(text, "net.prototxt");
  if (!net.ok() || !quantd::UpgradeNet(&*net).ok()) return 0;
  if (net->layers_size() > 0 || net->input_size() > 0) std::abort();
  const std::string upgraded = net->SerializeAsString();
  if (!quantd::UpgradeNet(&*net).ok()) std::abort();
  if (net->SerializeAsString() != upgraded) std::abort();
  for (const caffe::Phase phase : {caffe::TRAIN, caffe::TEST}) {
    caffe::NetState state;
    state.set_phase(phase);
    quantd::FilterNet(*net, state).IgnoreError();
  }
  return 0;
}
