// NumPy's arrays as records: the arrays of a record are those with its index
// along the first axes.
#ifndef QUANTD_CLIENT_ARRAY_RECORDS_H_
#define QUANTD_CLIENT_ARRAY_RECORDS_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/npy/npy_array.h"
#include "client/record_source.h"

namespace quantd {

// A word of --data that names arrays.
struct ArrayFile {
  std::string name;  // Of the blob; empty: the network's only input, or .npz.
  std::string path;
};

// Splits "NAME=FILE.npy"; "FILE.npy" and "FILE.npz" have no name. False for
// what names no array: it ends in neither, whatever the file holds. A file
// whose name has a "=" is one without a name.
bool ParseArrayFile(const std::string& word, ArrayFile* file);

// Each record becomes a TensorRecord with key "0000000012".
//
// Memory: a record, and what NpyRows takes for each array.
class ArrayRecords : public RecordSource {
 public:
  // Arrays of all `files`, at least one; those of an .npz by their names.
  // Errors, all FAILED_PRECONDITION: FILE_NOT_FOUND, FILE_EMPTY; ARRAY_INVALID
  // with the file, also for two arrays of one name; DATASET_EMPTY without
  // records; DATASET_SHAPE_MISMATCH for arrays of another number of records.
  static absl::StatusOr<std::unique_ptr<RecordSource>> Open(
      const std::vector<ArrayFile>& files);

  // The first file.
  const std::string& path() const override { return arrays_[0].path; }
  int64_t num_records() const override { return arrays_[0].array.num_rows(); }
  // Errors: ARRAY_INVALID; those of reading.
  absl::Status ForEach(int64_t first, int64_t end,
                       Visitor visitor) const override;

 private:
  struct NamedArray {
    std::string path;
    NpyArray array;  // Its name is that of the blob.
  };

  explicit ArrayRecords(std::vector<NamedArray> arrays)
      : arrays_(std::move(arrays)) {}

  static absl::Status AddFile(const ArrayFile& file,
                              std::vector<NamedArray>* arrays);
  static absl::Status Check(const std::vector<NamedArray>& arrays);

  const std::vector<NamedArray> arrays_;
};

}  // namespace quantd

#endif  // QUANTD_CLIENT_ARRAY_RECORDS_H_
