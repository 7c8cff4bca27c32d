// A file system in memory whose operations fail on demand, and that forgets
// what was not synced when the power goes.
#ifndef QUANTD_BASE_TESTING_MEMORY_FILE_SYSTEM_H_
#define QUANTD_BASE_TESTING_MEMORY_FILE_SYSTEM_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "base/clock.h"
#include "base/file_system.h"
#include "base/testing/fake_clock.h"

namespace quantd::testing {

// Starts with the directory "/" only. As strict as POSIX allows: a file's bytes
// survive LosePower only if the file was synced, its name only if its directory
// was, also after a rename.
//
// Threads: safe.
//
// Example:
//   MemoryFileSystem files;
//   for (int64_t k = 1;; ++k) {
//     files.FailOperation(k);
//     if (DoSomething(&files).ok()) break;  // Fewer than k operations.
//     ...
//   }
class MemoryFileSystem : public FileSystem {
 public:
  // Stamps files; must outlive this. Null: a clock of its own.
  explicit MemoryFileSystem(const Clock* clock = nullptr);

  // The k-th operation from now (k >= 1) that can fail fails once; an Append
  // that fails writes half of its data. 0: none does.
  // full: with RESOURCE_EXHAUSTED, DISK_FULL; otherwise INTERNAL, IO_ERROR.
  void FailOperation(int64_t k, bool full = false);
  // Operations that could have failed, since construction.
  int64_t num_operations() const;

  // Back to what was synced. Open files write into nowhere.
  void LosePower();

  // Free bytes to report, and to have: appending beyond fails with DISK_FULL.
  void SetFreeBytes(int64_t bytes);

  // Flips one bit of a stored byte. False if there is no such byte.
  bool FlipBit(const std::string& path, int64_t offset, int bit);

  absl::StatusOr<std::unique_ptr<AppendFile>> OpenAppend(
      const std::string& path) override;
  absl::StatusOr<std::unique_ptr<ReadFile>> OpenRead(
      const std::string& path) override;
  absl::Status Rename(const std::string& from, const std::string& to) override;
  absl::Status Remove(const std::string& path) override;
  absl::Status RemoveDirectory(const std::string& path) override;
  absl::Status Truncate(const std::string& path, int64_t size) override;
  absl::Status MakeDirectory(const std::string& path) override;
  absl::Status SyncDirectory(const std::string& path) override;
  absl::StatusOr<std::vector<std::string>> List(
      const std::string& path) override;
  bool Exists(const std::string& path) override;
  absl::StatusOr<int64_t> Size(const std::string& path) override;
  absl::StatusOr<absl::Time> ModifiedTime(const std::string& path) override;
  absl::StatusOr<int64_t> FreeBytes(const std::string& path) override;

 private:
  friend class MemoryAppendFile;
  friend class MemoryReadFile;

  // A file or a directory; names of a directory's entries are in its maps.
  struct Node {
    bool is_directory = false;
    std::string data;
    std::string synced_data;
    absl::Time modified;
    std::map<std::string, std::shared_ptr<Node>> entries;
    std::map<std::string, std::shared_ptr<Node>> synced_entries;
  };
  using NodePtr = std::shared_ptr<Node>;

  // Counts an operation; its error if it is the one to fail.
  absl::Status Count(const std::string& path)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  NodePtr Find(const std::string& path) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<NodePtr> FindFile(const std::string& path) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<NodePtr> FindDirectory(const std::string& path) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  static void Revert(Node* node);

  absl::Status AppendTo(const NodePtr& node, const std::string& path,
                        absl::string_view data);
  absl::Status SyncFile(const NodePtr& node, const std::string& path);
  absl::StatusOr<std::string> ReadFrom(const NodePtr& node,
                                       const std::string& path, int64_t offset,
                                       int64_t num_bytes);

  const FakeClock own_clock_;
  const Clock* const clock_;
  mutable absl::Mutex mutex_;
  const NodePtr root_ ABSL_GUARDED_BY(mutex_);
  int64_t num_operations_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t fail_at_ ABSL_GUARDED_BY(mutex_) = 0;
  bool fail_full_ ABSL_GUARDED_BY(mutex_) = false;
  int64_t free_bytes_ ABSL_GUARDED_BY(mutex_) = int64_t{1} << 40;
};

}  // namespace quantd::testing

#endif  // QUANTD_BASE_TESTING_MEMORY_FILE_SYSTEM_H_
