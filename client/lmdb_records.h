// Reads the records of a Caffe LMDB, in key order, without writing anything:
// no lock file, so a read-only directory will do.
// Not here: what a record means (it is passed on unparsed).
#ifndef QUANTD_CLIENT_LMDB_RECORDS_H_
#define QUANTD_CLIENT_LMDB_RECORDS_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "client/record_source.h"

namespace quantd {

// One LMDB (base/lmdb/lmdb_file.h reads it).
//
// Threads: safe, a call opens the file itself. Nobody may write the LMDB
//   meanwhile: without locks, a reader would see pages being reused.
// Memory: the largest record, during a visit.
//
// Example:
//   ASSIGN_OR_RETURN(auto records, LmdbRecords::Open("digits_lmdb"));
//   RETURN_IF_ERROR(records->ForEach(0, records->num_records(),
//       [&](absl::string_view key, absl::string_view value) { ... }));
class LmdbRecords : public RecordSource {
 public:
  // path: the LMDB's directory, or the data.mdb in it.
  // Errors, all FAILED_PRECONDITION: FILE_NOT_FOUND, FILE_EMPTY, DATASET_EMPTY
  // (no record), LMDB_CORRUPT (not an LMDB, truncated, not plain key order).
  static absl::StatusOr<std::unique_ptr<LmdbRecords>> Open(
      const std::string& path);

  LmdbRecords(const LmdbRecords&) = delete;
  LmdbRecords& operator=(const LmdbRecords&) = delete;

  // The directory, for messages.
  const std::string& path() const override { return path_; }
  int64_t num_records() const override { return num_records_; }

  // Errors: LMDB_CORRUPT; the visitor's.
  absl::Status ForEach(int64_t first, int64_t end,
                       Visitor visitor) const override;

 private:
  LmdbRecords(std::string path, int64_t num_records)
      : path_(std::move(path)), num_records_(num_records) {}

  const std::string path_;
  const int64_t num_records_;
};

}  // namespace quantd

#endif  // QUANTD_CLIENT_LMDB_RECORDS_H_
