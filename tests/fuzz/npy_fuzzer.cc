// Whatever an .npy or .npz file holds, reading it ends in values or in an
// error.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "base/npy/npy_array.h"
#include "base/string_file.h"

namespace {

constexpr int64_t kMaxBytes = 1 << 20;  // Of what is read.
constexpr int64_t kMaxRows = 16;

void ReadRows(const quantd::NpyArray& array, int64_t first) {
  if (array.bytes.size > kMaxBytes || array.row_elements() > kMaxBytes) return;
  const auto rows = quantd::NpyRows::Start(array, first);
  if (!rows.ok()) return;
  const int64_t end = std::min(array.num_rows(), first + kMaxRows);
  for (int64_t row = first; row < end; ++row) {
    const auto values = (*rows)->Next();
    if (!values.ok()) return;
    quantd::ToFloats(array.header, *values);
  }
}

void ReadRows(const quantd::NpyArray& array) {
  ReadRows(array, 0);
  ReadRows(array, array.num_rows() / 2);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto file = std::make_shared<quantd::StringFile>(
      std::string(reinterpret_cast<const char*>(data), size));
  const auto array = quantd::OpenNpy(file, static_cast<int64_t>(size));
  if (array.ok()) ReadRows(*array);
  const auto arrays = quantd::OpenNpz(file, static_cast<int64_t>(size));
  if (!arrays.ok()) return 0;
  for (const quantd::NpyArray& member : *arrays) ReadRows(member);
  return 0;
}
