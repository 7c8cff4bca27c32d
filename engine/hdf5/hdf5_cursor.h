// Reads the fields of one piece of an HDF5 file, never beyond its end.
#ifndef QUANTD_ENGINE_HDF5_HDF5_CURSOR_H_
#define QUANTD_ENGINE_HDF5_HDF5_CURSOR_H_

#include <cstdint>

#include "absl/strings/string_view.h"

namespace quantd {

// After a read beyond the end ok() is false and every read gives zero, so that
// a caller may read several fields and ask once.
class Hdf5Cursor {
 public:
  explicit Hdf5Cursor(absl::string_view bytes) : rest_(bytes) {}

  bool ok() const { return ok_; }
  absl::string_view rest() const { return rest_; }

  // The next `count` bytes.
  absl::string_view Take(uint64_t count) {
    if (count > rest_.size()) ok_ = false;
    if (!ok_) return {};
    const absl::string_view taken = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return taken;
  }
  void Skip(uint64_t count) { Take(count); }

  // A little-endian number of `size` bytes, 1 to 8.
  uint64_t Int(int size) {
    uint64_t value = 0;
    int shift = 0;
    for (const char byte : Take(size)) {
      value |= uint64_t{static_cast<uint8_t>(byte)} << shift;
      shift += 8;
    }
    return value;
  }

 private:
  absl::string_view rest_;
  bool ok_ = true;
};

}  // namespace quantd

#endif  // QUANTD_ENGINE_HDF5_HDF5_CURSOR_H_
