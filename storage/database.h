// RocksDB behind the few operations that the stores need; the only header that
// knows of it keeps it out of sight.
// Not here: what the rows mean (job_store.h, dataset_store.h).
#ifndef QUANTD_STORAGE_DATABASE_H_
#define QUANTD_STORAGE_DATABASE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace quantd::storage {

// Column families. The numbers are positions in memory, not stored.
enum class Table { kJobs, kRequests, kRecords, kEvents, kDatasets, kMeta };
inline constexpr int kNumTables = 6;

// Version of the layout in docs/storage_format.md, stored under meta/version.
inline constexpr int kFormatVersion = 1;

// What is written together. A later operation wins over an earlier one.
struct WriteBatch {
  struct Operation {
    Table table;
    std::string key;
    std::string value;  // Or the end of the range.
    enum Kind { kPut, kDelete, kDeletePrefix } kind;
  };

  void Put(Table table, std::string key, std::string value);
  void Delete(Table table, std::string key);
  // All keys that begin with `prefix`, which is not empty.
  void DeletePrefix(Table table, std::string prefix);

  std::vector<Operation> operations;
};

// Threads: safe.
//
// Errors of all methods: DATA_LOSS, STORE_CORRUPT; RESOURCE_EXHAUSTED,
// DISK_FULL; UNAVAILABLE, STORE_READ_ONLY; INTERNAL, STORE_ERROR.
class Database {
 public:
  // False stops a scan.
  using Visitor =
      std::function<bool(absl::string_view key, absl::string_view value)>;

  // Opens or creates the database in directory `path`, and checks its version.
  // Errors as Store::Open.
  static absl::StatusOr<std::unique_ptr<Database>> Open(
      const std::string& path);

  ~Database();

  // All of the batch or nothing. sync: durable when this returns OK.
  absl::Status Write(const WriteBatch& batch, bool sync = true);

  // NOT_FOUND (without reason) if there is no such key.
  absl::StatusOr<std::string> Get(Table table, absl::string_view key) const;

  // Keys >= `start` that begin with `prefix`, ascending, as of one moment.
  absl::Status Scan(Table table, absl::string_view prefix,
                    absl::string_view start, const Visitor& visitor) const;

  // OK if writes are possible; tries to leave the read-only mode that a full
  // disk causes (at most five seconds after there is space). UNAVAILABLE,
  // STORE_READ_ONLY; if it stays without a full disk, restart the process.
  absl::Status CheckWritable();

  // Secret of this store, 32 bytes: authenticates page tokens.
  const std::string& token_key() const { return token_key_; }

 private:
  struct Rocks;
  explicit Database(std::unique_ptr<Rocks> rocks);
  absl::Status WriteOnce(const WriteBatch& batch, bool sync);
  absl::Status Recover();
  absl::Status Initialize();

  const std::unique_ptr<Rocks> rocks_;
  std::string token_key_;
};

}  // namespace quantd::storage

#endif  // QUANTD_STORAGE_DATABASE_H_
