// Reads the records of an LMDB directory in key order.
// Not here: what a record means (datum.h), batches (batch_reader.h).
#ifndef QUANTD_ENGINE_DATA_LMDB_READER_H_
#define QUANTD_ENGINE_DATA_LMDB_READER_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

struct MDB_env;
struct MDB_txn;
struct MDB_cursor;

namespace quantd {

// One record. Points into the mapped file: valid as long as its reader.
struct LmdbRecord {
  absl::string_view key;
  absl::string_view value;
};

// A read-only view of the unnamed database of an LMDB environment, as Caffe's
// tools write it. Opens without a lock file, so that the directory may be
// read-only; nobody may write to it meanwhile.
//
// Threads: compatible, not safe.
// Memory: the file is mapped, not read.
//
// Example:
//   ASSIGN_OR_RETURN(auto reader, LmdbReader::Open("train_lmdb"));
//   for (int64_t i = 0; i < reader->num_records(); ++i) {
//     ASSIGN_OR_RETURN(LmdbRecord record, reader->Next());
//   }
class LmdbReader {
 public:
  // Opens `directory`, which holds data.mdb. The structure of the file is
  // checked first (lmdb_check.h), so that a damaged file is an error and not a
  // crash.
  // Errors: NOT_FOUND, DATASET_NOT_FOUND without data.mdb; FAILED_PRECONDITION,
  // DATASET_EMPTY without records, DATASET_CORRUPT if the file is not an LMDB,
  // is cut short or is damaged. All name the file.
  static absl::StatusOr<std::unique_ptr<LmdbReader>> Open(
      const std::string& directory);
  ~LmdbReader();
  LmdbReader(const LmdbReader&) = delete;
  LmdbReader& operator=(const LmdbReader&) = delete;

  const std::string& directory() const { return directory_; }
  // At least 1.
  int64_t num_records() const { return num_records_; }

  // The next record in byte-wise key order; after the last comes the first.
  // Errors: FAILED_PRECONDITION, DATASET_CORRUPT.
  absl::StatusOr<LmdbRecord> Next();

  // The next Next() returns the first record.
  void Rewind() { at_start_ = true; }

 private:
  explicit LmdbReader(const std::string& directory) : directory_(directory) {}
  absl::Status Begin();

  const std::string directory_;
  int64_t num_records_ = 0;
  MDB_env* env_ = nullptr;
  MDB_txn* txn_ = nullptr;
  MDB_cursor* cursor_ = nullptr;
  bool at_start_ = true;
};

}  // namespace quantd

#endif  // QUANTD_ENGINE_DATA_LMDB_READER_H_
