// NumPy's arrays in .npy and .npz files, read row by row: row i is the part
// with index i along the first axis.
#ifndef QUANTD_BASE_NPY_NPY_ARRAY_H_
#define QUANTD_BASE_NPY_NPY_ARRAY_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/file_system.h"
#include "base/npy/byte_stream.h"
#include "base/npy/npy_header.h"

namespace quantd {

// An array that lies in a file; its values are read by NpyRows.
struct NpyArray {
  // Of the member of an .npz, without ".npy"; empty for a .npy.
  std::string name;
  NpyHeader header;
  std::shared_ptr<const ReadFile> file;
  PackedBytes bytes;  // Of the whole .npy, header included.

  int64_t num_rows() const {
    return header.shape.empty() ? 0 : header.shape[0];
  }
  // header.shape without the first axis.
  std::vector<int64_t> row_shape() const;
  int64_t row_elements() const;
};

// Bytes of one row at most, as floats.
inline constexpr int64_t kMaxNpyRowBytes = int64_t{256} << 20;

// The array of a .npy file.
// Errors: FAILED_PRECONDITION, ARRAY_INVALID for a file that is damaged or cut
// off, a type that ParseNpyHeader() refuses, an array without axes, or rows
// without values or of more than kMaxNpyRowBytes; those of reading.
absl::StatusOr<NpyArray> OpenNpy(std::shared_ptr<const ReadFile> file,
                                 int64_t file_size);

// The arrays of an .npz archive, in its order; other members are left out.
// Errors: as OpenNpy(), with the member's name; those of ReadZipDirectory();
// ARRAY_INVALID for an archive without arrays or with two of one name.
absl::StatusOr<std::vector<NpyArray>> OpenNpz(
    std::shared_ptr<const ReadFile> file, int64_t file_size);

// The rows of an array from one of them on, in C order.
//
// Threads: compatible, not safe.
// Memory: a row, or about 16 MiB for arrays in Fortran order; those that are
//   deflated, too, are unpacked whole, up to 256 MiB.
class NpyRows {
 public:
  // Starts at row `first`, at most num_rows().
  // Errors: those of reading; FAILED_PRECONDITION, ARRAY_INVALID for a deflated
  // array in Fortran order that is too large.
  static absl::StatusOr<std::unique_ptr<NpyRows>> Start(NpyArray array,
                                                        int64_t first);

  // The values of the next row as they are stored, row_elements() of them.
  // Valid until the next call. Only while there is a row.
  // Errors: those of reading; FAILED_PRECONDITION, ARRAY_INVALID for damaged
  // bytes.
  absl::StatusOr<absl::string_view> Next();

 private:
  explicit NpyRows(NpyArray array) : array_(std::move(array)) {}
  absl::Status ReadFortranBlock();

  NpyArray array_;
  int64_t next_ = 0;  // Row.
  int64_t row_bytes_ = 0;
  std::unique_ptr<ByteStream> stream_;  // C order.
  std::string buffer_;                  // Some rows.
  int64_t block_start_ = 0;             // Fortran order: its first row.
  int64_t block_rows_ = 0;
};

// `values`, as NpyRows gives them, in float32; NumPy's conversion. A whole
// number of values.
std::vector<float> ToFloats(const NpyHeader& header, absl::string_view values);

}  // namespace quantd

#endif  // QUANTD_BASE_NPY_NPY_ARRAY_H_
