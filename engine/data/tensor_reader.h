// Batches of arrays by name from a data set of TensorRecords.
#ifndef QUANTD_ENGINE_DATA_TENSOR_READER_H_
#define QUANTD_ENGINE_DATA_TENSOR_READER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/core/shape.h"
#include "engine/core/tensor.h"
#include "engine/data/lmdb_reader.h"
#include "engine/data/tensor_record.h"

namespace quantd {

// Reads the records of an LMDB once, in key order.
//
// Threads: compatible, not safe.
// Memory: a record.
class TensorReader {
 public:
  // What all records have.
  struct Array {
    std::string name;
    Shape shape;       // Of one record.
    std::string file;  // For messages; may be empty.
  };

  // Where an array of a batch goes.
  struct Target {
    Tensor* tensor = nullptr;  // Null: nowhere.
    // A batch of one record, without an axis for it.
    bool is_whole = false;
  };

  // Whether the records of `lmdb_path` are TensorRecords, by the first one.
  // Errors: those of LmdbReader.
  static absl::StatusOr<bool> HoldsTensors(const std::string& lmdb_path);

  // Errors: those of LmdbReader and DecodeTensorRecord().
  static absl::StatusOr<std::unique_ptr<TensorReader>> Open(
      const std::string& lmdb_path);

  int64_t num_records() const { return reader_->num_records(); }
  const std::vector<Array>& arrays() const { return arrays_; }

  // Reads the next `count` records, fewer at the end, and returns how many: 0
  // at the end. `batch` has one target for each of arrays(); its tensor takes
  // the shape (n, array's shape). Errors: FAILED_PRECONDITION with data set and
  // key, DATASET_SHAPE_MISMATCH for a record of other arrays than the first
  // one's; those of reading; RESOURCE_EXHAUSTED without memory.
  absl::StatusOr<int64_t> Next(int64_t count, const std::vector<Target>& batch);

 private:
  explicit TensorReader(std::unique_ptr<LmdbReader> reader)
      : reader_(std::move(reader)) {}
  absl::Status ReadRecord();
  absl::Status CheckRecord() const;

  const std::unique_ptr<LmdbReader> reader_;
  std::vector<Array> arrays_;
  std::vector<RecordTensor> record_;  // The last one that was read.
  std::string key_;
  int64_t num_read_ = 0;
  bool is_first_read_ = false;  // record_ is the first one, not yet used.
};

}  // namespace quantd

#endif  // QUANTD_ENGINE_DATA_TENSOR_READER_H_
