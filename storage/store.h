// Everything that quantd keeps, opened on one directory.
#ifndef QUANTD_STORAGE_STORE_H_
#define QUANTD_STORAGE_STORE_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/file_system.h"
#include "base/limits.h"
#include "storage/blob_store.h"
#include "storage/database.h"
#include "storage/dataset_store.h"
#include "storage/job_store.h"
#include "storage/store_lock.h"

namespace quantd::storage {

// The stores of one data directory; docs/storage_format.md has the layout.
//
// Ownership: owns the stores; they live as long as it does.
// Threads: safe.
//
// Example:
//   ASSIGN_OR_RETURN(auto store, Store::Open({data_dir}));
//   store->jobs()->LoadActive() ...
class Store {
 public:
  struct Options {
    // Made if it is not there (its parent must be).
    std::string data_dir;
    // For blobs, uploads and the lock; RocksDB and LMDB use their own.
    FileSystem* files = FileSystem::Posix();
    Clock* clock = Clock::Real();
    Limits limits;
  };

  // Opens the directory, or makes a new store in it.
  // Errors: FAILED_PRECONDITION, STORE_LOCKED if another process has it open;
  // DATA_LOSS, STORE_CORRUPT naming the file; FAILED_PRECONDITION,
  // STORE_TOO_NEW if a newer version wrote it; RESOURCE_EXHAUSTED, DISK_FULL.
  static absl::StatusOr<std::unique_ptr<Store>> Open(const Options& options);

  JobStore* jobs() { return jobs_.get(); }
  BlobStore* blobs() { return blobs_.get(); }
  DatasetStore* datasets() { return datasets_.get(); }

  // OK, or why nothing can be written: UNAVAILABLE, STORE_READ_ONLY. Tries to
  // resume after a full disk.
  absl::Status CheckWritable() { return database_->CheckWritable(); }

 private:
  Store() = default;

  // Destroyed in reverse order: the lock goes last.
  std::unique_ptr<StoreLock> lock_;
  std::unique_ptr<Database> database_;
  std::unique_ptr<JobStore> jobs_;
  std::unique_ptr<BlobStore> blobs_;
  std::unique_ptr<DatasetStore> datasets_;
};

}  // namespace quantd::storage

#endif  // QUANTD_STORAGE_STORE_H_
