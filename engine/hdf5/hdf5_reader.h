// Reads HDF5 files without trust: which datasets there are, and their values.
// Not here: what is stored where (a caffemodel, a solver state, a data file),
// writing (hdf5_writer.h).
#ifndef QUANTD_ENGINE_HDF5_HDF5_READER_H_
#define QUANTD_ENGINE_HDF5_HDF5_READER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace quantd {

// A dataset of a file.
struct Hdf5Dataset {
  std::string path;           // "/data/conv1/0".
  std::vector<int64_t> dims;  // Outermost first; none for a scalar.
  int64_t num_elements = 0;   // Product of dims, fits in int32 as in Caffe.
};

// True if `bytes`, or the first 8 of them, start like an HDF5 file.
bool LooksLikeHdf5(absl::string_view bytes);

// One open file. Links to other files and symbolic links are not followed.
//
// Threads: compatible, not safe.
// Memory: the names; values only in what Read*() fills.
// Errors of all methods name file and dataset: INVALID_ARGUMENT, HDF5_INVALID
//   for a file that is damaged or no HDF5, more than kMaxDatasets datasets or
//   groups, groups nested deeper than kMaxDepth, a dataset of a type that
//   cannot be read as asked, of more than 32 axes or 2^31-1 elements;
//   NOT_FOUND, HDF5_DATASET_NOT_FOUND for a dataset that is not there.
//
// Example:
//   ASSIGN_OR_RETURN(auto reader, Hdf5Reader::Open("train.h5"));
//   ASSIGN_OR_RETURN(Hdf5Dataset label, reader->Find("/label"));
//   std::vector<float> values(label.num_elements);
//   RETURN_IF_ERROR(reader->ReadFloats(label.path, absl::MakeSpan(values)));
class Hdf5Reader {
 public:
  static constexpr int kMaxDatasets = 200000;
  static constexpr int kMaxDepth = 100;

  // Also FILE_NOT_FOUND and the other errors of FileSystem.
  static absl::StatusOr<std::unique_ptr<Hdf5Reader>> Open(
      const std::string& path);
  // A file in memory, which must stay as long as the reader. `file_name` is for
  // messages.
  static absl::StatusOr<std::unique_ptr<Hdf5Reader>> FromBytes(
      absl::string_view bytes, const std::string& file_name);
  ~Hdf5Reader();
  Hdf5Reader(const Hdf5Reader&) = delete;
  Hdf5Reader& operator=(const Hdf5Reader&) = delete;

  // The paths of all datasets; groups in byte order of their names.
  const std::vector<std::string>& datasets() const { return datasets_; }
  // The paths of all groups, without "/".
  const std::vector<std::string>& groups() const { return groups_; }
  bool Has(const std::string& path) const;

  absl::StatusOr<Hdf5Dataset> Find(const std::string& path) const;

  // All values, of any float or integer type, as float32. `values` has
  // num_elements of Find().
  absl::Status ReadFloats(const std::string& path,
                          absl::Span<float> values) const;
  // The only value of a dataset of integers.
  absl::StatusOr<int64_t> ReadInt(const std::string& path) const;
  // A string of fixed length, without what follows the first zero byte.
  absl::StatusOr<std::string> ReadString(const std::string& path) const;

 private:
  class Impl;

  Hdf5Reader();

  std::unique_ptr<Impl> impl_;
  std::vector<std::string> datasets_;
  std::vector<std::string> groups_;
};

}  // namespace quantd

#endif  // QUANTD_ENGINE_HDF5_HDF5_READER_H_
