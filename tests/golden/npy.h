// Reads NumPy's .npy arrays and .npz archives (zip; stored or deflated).
// Not here: writing, structured or big-endian types, Fortran order, zip64.
#ifndef QUANTD_TESTS_GOLDEN_NPY_H_
#define QUANTD_TESTS_GOLDEN_NPY_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace quantd {

// One array, little endian, in C order whatever the file's.
struct NpyArray {
  std::string dtype;           // "<f4", "<f8", "<i4", "<u4", "<i8", "|i1", ...
  std::vector<int64_t> shape;  // Empty for a scalar.
  std::string bytes;           // num_elements() values of `dtype`.

  int64_t num_elements() const;

  // All values, each converted to T (float, double, int32_t, int64_t, uint32_t
  // or int8_t) as by static_cast. Types f4, f8, i1, i2, i4, i8, u1, u2, u4, u8
  // and b1. Errors: UNIMPLEMENTED for another type.
  template <typename T>
  absl::StatusOr<std::vector<T>> Values() const;
};

// `bytes` is a whole .npy file, version 1 or 2. Errors: INVALID_ARGUMENT for
// what is not one, UNIMPLEMENTED for big-endian values.
absl::StatusOr<NpyArray> ParseNpy(absl::string_view bytes);

// Errors: NOT_FOUND, or those of ParseNpy with the path.
absl::StatusOr<NpyArray> ReadNpy(const std::string& path);

// The arrays of an .npz archive by name, without ".npy". Errors: as ReadNpy,
// and INVALID_ARGUMENT for a damaged archive.
absl::StatusOr<std::map<std::string, NpyArray>> ReadNpz(
    const std::string& path);

// A whole file. Errors: NOT_FOUND.
absl::StatusOr<std::string> ReadFileBytes(const std::string& path);

}  // namespace quantd

#endif  // QUANTD_TESTS_GOLDEN_NPY_H_
