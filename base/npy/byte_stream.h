// Bytes of a file from front to back, unpacked on the way.
#ifndef QUANTD_BASE_NPY_BYTE_STREAM_H_
#define QUANTD_BASE_NPY_BYTE_STREAM_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/file_system.h"

namespace quantd {

// Where bytes lie in a file.
struct PackedBytes {
  int64_t offset = 0;
  int64_t packed_size = 0;
  int64_t size = 0;  // Unpacked; packed_size unless deflated.
  bool deflated = false;
  uint32_t crc32 = 0;  // Of the unpacked bytes, if deflated.
};

// Threads: compatible, not safe.
// Memory: 64 KiB, if deflated.
class ByteStream {
 public:
  virtual ~ByteStream() = default;

  // The next `num_bytes` bytes into `to`, all of them.
  // Errors: those of reading; FAILED_PRECONDITION, ARRAY_INVALID if there are
  // fewer, or they are damaged: deflated ones have a checksum, which is
  // compared once all are read.
  virtual absl::Status Read(int64_t num_bytes, std::string* to) = 0;
  // Leaves out `num_bytes` bytes. Errors: as Read().
  virtual absl::Status Skip(int64_t num_bytes) = 0;
};

// Starts at the front of `bytes` of `file`.
absl::StatusOr<std::unique_ptr<ByteStream>> OpenStream(
    std::shared_ptr<const ReadFile> file, const PackedBytes& bytes);

}  // namespace quantd

#endif  // QUANTD_BASE_NPY_BYTE_STREAM_H_
