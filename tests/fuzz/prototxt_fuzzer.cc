// Whatever a prototxt holds, reading it ends in a net or in an error, and a net
// that was read prints to text that reads back to the same net.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "engine/graph/fuse_batch_norm.h"
#include "engine/graph/uninplace.h"
#include "engine/model/load_model.h"
#include "engine/model/prototxt.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto model = quantd::LoadModel(text, "net.prototxt", "", "");
  if (!model.ok()) return 0;
  const auto again =
      quantd::ParseNetPrototxt(quantd::PrintPrototxt(model->net), "again");
  // A net without any set field prints to nothing, which is an error to read.
  if (again.ok() &&
      quantd::PrintPrototxt(*again) != quantd::PrintPrototxt(model->net)) {
    std::abort();
  }
  const auto apart = quantd::Uninplace(model->net);
  if (apart.ok()) quantd::FuseBatchNorm(*apart).IgnoreError();
  return 0;
}
