// The members of a zip archive, as NumPy writes .npz files: stored or deflated,
// with the 64-bit extension.
// Source: PKWARE's APPNOTE.TXT, sections 4.3 and 4.5.3.
#ifndef QUANTD_BASE_NPY_ZIP_DIRECTORY_H_
#define QUANTD_BASE_NPY_ZIP_DIRECTORY_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/file_system.h"

namespace quantd {

struct ZipMember {
  std::string name;
  bool deflated = false;
  int64_t packed_size = 0;
  int64_t size = 0;  // Unpacked.
  uint32_t crc32 = 0;
  int64_t offset = 0;  // Of the packed bytes in the archive.
};

// The members of the archive `file` of `file_size` bytes, in its order. All lie
// within the file.
// Errors: FAILED_PRECONDITION, ARRAY_INVALID for what is no zip archive, is
// damaged, encrypted, in several parts or packed by another method; those of
// reading.
absl::StatusOr<std::vector<ZipMember>> ReadZipDirectory(const ReadFile& file,
                                                        int64_t file_size);

}  // namespace quantd

#endif  // QUANTD_BASE_NPY_ZIP_DIRECTORY_H_
