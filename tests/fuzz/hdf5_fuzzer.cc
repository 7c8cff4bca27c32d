// Whatever an HDF5 file holds, reading it ends in values or in an error.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "engine/hdf5/hdf5_reader.h"
#include "engine/model/caffemodel.h"
#include "engine/model/caffemodel_h5.h"

namespace {

constexpr int64_t kMaxElements = 1 << 20;  // Of what is read whole.
constexpr size_t kMaxDatasets = 64;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto reader = quantd::Hdf5Reader::FromBytes(bytes, "file.h5");
  if (!reader.ok()) return 0;
  size_t num_read = 0;
  for (const std::string& path : (*reader)->datasets()) {
    if (++num_read > kMaxDatasets) break;
    const auto dataset = (*reader)->Find(path);
    (*reader)->ReadInt(path).IgnoreError();
    (*reader)->ReadString(path).IgnoreError();
    if (!dataset.ok() || dataset->num_elements > kMaxElements) continue;
    std::vector<float> values(dataset->num_elements);
    (*reader)->ReadFloats(path, absl::MakeSpan(values)).IgnoreError();
  }
  const auto net = quantd::ParseCaffemodel(bytes, "net.caffemodel.h5");
  if (!net.ok()) return 0;
  // Layers "a" and "a/0" cannot both be written: an error, not a crash.
  quantd::SerializeCaffemodelH5(*net).IgnoreError();
  return 0;
}
