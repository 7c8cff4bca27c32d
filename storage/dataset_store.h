// Data sets: the records that a client streams, kept as an LMDB each, which
// only workers read.
// Not here: what a record means (engine/data).
#ifndef QUANTD_STORAGE_DATASET_STORE_H_
#define QUANTD_STORAGE_DATASET_STORE_H_

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "base/file_system.h"
#include "base/limits.h"
#include "base/sha256.h"
#include "google/protobuf/repeated_ptr_field.h"
#include "proto/quantd/v1/dataset_service.pb.h"
#include "storage/database.h"

namespace quantd::storage {

class DatasetStore;
class LmdbWriter;

// Appends to one open data set; one writer per data set at a time.
//
// Threads: compatible, not safe. The destructor keeps what was appended. Must
// not outlive its store.
class DatasetWriter {
 public:
  using Records = google::protobuf::RepeatedPtrField<v1::DatasetRecord>;

  ~DatasetWriter();

  // Records stored so far: the first_index of the next Append.
  int64_t num_records() const { return dataset_.num_records(); }
  // The data set was closed before; Append and Finish are no-ops.
  bool complete() const { return dataset_.complete(); }
  const v1::Dataset& dataset() const { return dataset_; }

  // Appends all of `records` durably, or none.
  // Errors: OUT_OF_RANGE, OFFSET_OUT_OF_RANGE unless first_index is
  // num_records(); INVALID_ARGUMENT, DATASET_KEY_ORDER for keys that do not
  // ascend; INVALID_ARGUMENT, OPTION_OUT_OF_RANGE for a key that is not 1..511
  // bytes or a value above the limit; RESOURCE_EXHAUSTED, QUOTA_EXCEEDED or
  // DISK_FULL.
  absl::Status Append(int64_t first_index, const Records& records);

  // Closes the data set: it is complete, immutable and usable by jobs.
  // Errors: INVALID_ARGUMENT, DIGEST_MISMATCH if `sha256` is not the digest of
  // the records or does not fit the id (the data set is dropped);
  // FAILED_PRECONDITION, DATASET_EMPTY.
  absl::StatusOr<v1::Dataset> Finish(const std::string& sha256);

 private:
  friend class DatasetStore;
  explicit DatasetWriter(DatasetStore* store);
  absl::Status Resume();
  absl::Status CheckOpen() const;
  absl::Status CheckRecords(const Records& records) const;
  // Adds a stored record to digest and sums.
  void Count(absl::string_view key, absl::string_view value);

  DatasetStore* const store_;
  v1::Dataset dataset_;
  bool claimed_ = false;
  std::unique_ptr<LmdbWriter> lmdb_;  // Null once closed or dropped.
  Sha256 hash_;
  std::string last_key_;
};

// Layout: DATA_DIR/datasets/ID/data.mdb, and a row in column family "datasets".
//
// Threads: safe.
//
// Errors of all methods besides those named: INVALID_ARGUMENT,
// OPTION_OUT_OF_RANGE for an id that is not "ds-" and 40 lower-case hexadecimal
// digits; NOT_FOUND, DATASET_NOT_FOUND.
class DatasetStore {
 public:
  struct Options {
    std::string data_dir;
    FileSystem* files = FileSystem::Posix();
    Clock* clock = Clock::Real();
    int64_t max_record_bytes = Limits().max_sample_bytes;
    int64_t max_dataset_bytes = Limits().max_dataset_bytes;
    // Address space mapped first; doubles when full.
    int64_t initial_map_bytes = int64_t{16} << 20;
  };
  struct Page {
    std::vector<v1::Dataset> datasets;
    std::string next_page_token;
  };

  // Use Store. `database` must outlive this.
  static absl::StatusOr<std::unique_ptr<DatasetStore>> Open(Options options,
                                                            Database* database);

  // The id of records with this digest. INVALID_ARGUMENT unless it is 64
  // lower-case hexadecimal digits.
  static absl::StatusOr<std::string> IdForDigest(absl::string_view sha256);

  // Starts a data set, or resumes it (its records are read again for the
  // digest). A complete one gives a complete writer. display_name: at most 255
  // bytes are kept.
  // Errors: ABORTED, UPLOAD_BUSY if it is being written.
  absl::StatusOr<std::unique_ptr<DatasetWriter>> OpenWriter(
      const std::string& id, const std::string& display_name);

  // Also of an open one, with the number of its records.
  absl::StatusOr<v1::Dataset> Get(const std::string& id);

  // Complete ones by id. page_size and errors as in JobStore::List.
  absl::StatusOr<Page> List(int page_size, const std::string& page_token);

  // The directory of a complete data set: an LMDB to open with MDB_RDONLY and
  // MDB_NOLOCK.
  absl::StatusOr<std::string> Path(const std::string& id);

  // Of a complete or open data set. ABORTED, UPLOAD_BUSY while it is written.
  absl::Status Delete(const std::string& id);

  // Removes open data sets last written before `before`; returns how many.
  absl::StatusOr<int64_t> CollectOpen(absl::Time before);

 private:
  friend class DatasetWriter;
  DatasetStore(Options options, Database* database)
      : options_(std::move(options)), database_(database) {}

  std::string Directory(absl::string_view id) const;
  absl::Status PutRow(const v1::Dataset& dataset, bool sync);
  // Files and row; the id is claimed.
  absl::Status RemoveAll(const std::string& id);
  absl::Status Claim(const std::string& id);
  void Release(const std::string& id);

  const Options options_;
  Database* const database_;
  absl::Mutex mutex_;
  // Ids that are being written or deleted.
  std::set<std::string> open_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace quantd::storage

#endif  // QUANTD_STORAGE_DATASET_STORE_H_
