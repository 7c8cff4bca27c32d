// The header of NumPy's .npy format: what its values are, and how they lie.
// Source: numpy.lib.format, versions 1.0, 2.0 and 3.0.
#ifndef QUANTD_BASE_NPY_NPY_HEADER_H_
#define QUANTD_BASE_NPY_NPY_HEADER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace quantd {

enum class NpyType {
  kBool,
  kInt8,
  kInt16,
  kInt32,
  kInt64,
  kUint8,
  kUint16,
  kUint32,
  kUint64,
  kFloat16,
  kFloat32,
  kFloat64,
};

// Bytes of one value.
int64_t SizeOf(NpyType type);

struct NpyHeader {
  NpyType type = NpyType::kFloat32;
  bool big_endian = false;
  // The first axis runs fastest, not the last.
  bool fortran_order = false;
  std::vector<int64_t> shape;  // Empty: one value.
  // Where the values begin.
  int64_t data_offset = 0;

  // Of all values; fits int64.
  int64_t num_bytes() const;
};

// Bytes from the start of an array that hold its magic and the header's size.
inline constexpr int64_t kNpyPrefixBytes = 12;

// The error of a file that is no array, or not one that can be read.
absl::Status ArrayInvalid(absl::string_view why);

// Where the values of an array begin that starts with `prefix`, kNpyPrefixBytes
// or fewer bytes: so many hold the header.
// Errors: FAILED_PRECONDITION, ARRAY_INVALID for what is no .npy, another
// version, or a header of more than 1 MiB.
absl::StatusOr<int64_t> NpyDataOffset(absl::string_view prefix);

// Parses `start`, at least NpyDataOffset() bytes.
// Errors: also FAILED_PRECONDITION, ARRAY_INVALID for a header that is damaged,
// a type that is none of NpyType, or more than 2^62 bytes.
absl::StatusOr<NpyHeader> ParseNpyHeader(absl::string_view start);

}  // namespace quantd

#endif  // QUANTD_BASE_NPY_NPY_HEADER_H_
