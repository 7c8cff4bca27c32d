// One process per data directory.
#ifndef QUANTD_STORAGE_STORE_LOCK_H_
#define QUANTD_STORAGE_STORE_LOCK_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace quantd::storage {

// Holds DATA_DIR/LOCK while it lives, against other processes and against
// another lock in this one. The system frees it when the process dies.
class StoreLock {
 public:
  // Errors: FAILED_PRECONDITION, STORE_LOCKED; others as FileSystem.
  static absl::StatusOr<std::unique_ptr<StoreLock>> Acquire(
      const std::string& data_dir);
  ~StoreLock();

 private:
  explicit StoreLock(int fd) : fd_(fd) {}
  const int fd_;
};

}  // namespace quantd::storage

#endif  // QUANTD_STORAGE_STORE_LOCK_H_
