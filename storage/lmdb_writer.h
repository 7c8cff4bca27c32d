// An LMDB that one process appends to, in key order.
// Not here: reading one that a stranger made (engine/data).
#ifndef QUANTD_STORAGE_LMDB_WRITER_H_
#define QUANTD_STORAGE_LMDB_WRITER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

struct MDB_env;

namespace quantd::storage {

// Opens without LMDB's own lock file: the caller makes sure that there is one
// writer, and no reader before it is closed.
//
// Threads: compatible, not safe.
class LmdbWriter {
 public:
  using KeyValue = std::pair<absl::string_view, absl::string_view>;

  // Opens or creates DIRECTORY/data.mdb; the directory must exist. The map
  // starts at `map_bytes`, or what the file needs.
  // Errors: DATA_LOSS, STORE_CORRUPT; RESOURCE_EXHAUSTED, DISK_FULL; INTERNAL,
  // IO_ERROR; all name the directory.
  static absl::StatusOr<std::unique_ptr<LmdbWriter>> Open(
      const std::string& directory, int64_t map_bytes);
  ~LmdbWriter();

  // Appends all records, durably, or none; the map doubles as needed. Keys must
  // ascend and be greater than all there.
  // Errors: as Open; INVALID_ARGUMENT, DATASET_KEY_ORDER.
  absl::Status Append(const std::vector<KeyValue>& records);

  // Calls `visitor` for every record in key order.
  absl::Status ForEach(
      const std::function<void(absl::string_view key, absl::string_view value)>&
          visitor);

 private:
  LmdbWriter(MDB_env* env, std::string directory)
      : env_(env), directory_(std::move(directory)) {}
  int TryAppend(const std::vector<KeyValue>& records);
  int GrowMap();
  absl::Status FromLmdb(int code) const;

  MDB_env* const env_;
  const std::string directory_;
};

}  // namespace quantd::storage

#endif  // QUANTD_STORAGE_LMDB_WRITER_H_
