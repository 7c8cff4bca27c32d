// Reads the records of an LMDB directory in key order.
// Not here: what a record means (datum.h), batches (batch_reader.h).
#ifndef QUANTD_ENGINE_DATA_LMDB_READER_H_
#define QUANTD_ENGINE_DATA_LMDB_READER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "base/lmdb/lmdb_file.h"

namespace quantd {

// A read-only view of the unnamed database of an LMDB environment, as Caffe's
// tools write it, in a cycle. Opens without a lock file, so that the directory
// may be read-only; nobody may write to it meanwhile.
//
// Threads: compatible, not safe.
// Memory: some pages and the largest record so far.
//
// Example:
//   ASSIGN_OR_RETURN(auto reader, LmdbReader::Open("train_lmdb"));
//   for (int64_t i = 0; i < reader->num_records(); ++i) {
//     ASSIGN_OR_RETURN(LmdbRecord record, reader->Next());
//   }
class LmdbReader {
 public:
  // Opens `directory`, which holds data.mdb. Damage further inside is an error
  // of Next() (base/lmdb/lmdb_file.h).
  // Errors: NOT_FOUND, DATASET_NOT_FOUND without data.mdb; FAILED_PRECONDITION,
  // DATASET_EMPTY without records, DATASET_CORRUPT if the file is not an LMDB,
  // is cut short or is damaged. All name the file.
  static absl::StatusOr<std::unique_ptr<LmdbReader>> Open(
      const std::string& directory);
  LmdbReader(const LmdbReader&) = delete;
  LmdbReader& operator=(const LmdbReader&) = delete;

  const std::string& directory() const { return directory_; }
  // At least 1.
  int64_t num_records() const { return file_->num_records(); }

  // The next record in byte-wise key order; after the last comes the first.
  // Valid until the next call.
  // Errors: FAILED_PRECONDITION, DATASET_CORRUPT.
  absl::StatusOr<LmdbRecord> Next();

  // The next Next() returns the first record.
  void Rewind() { file_->Rewind(); }

 private:
  LmdbReader(const std::string& directory, std::unique_ptr<LmdbFile> file)
      : directory_(directory), file_(std::move(file)) {}

  const std::string directory_;
  const std::unique_ptr<LmdbFile> file_;
};

}  // namespace quantd

#endif  // QUANTD_ENGINE_DATA_LMDB_READER_H_
