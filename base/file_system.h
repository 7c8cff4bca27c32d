// Files through a small interface, so that a test can fail any operation and
// lose what was not synced.
// Not here: the fake (base/testing/memory_file_system.h), what RocksDB and LMDB
// do with their own files.
#ifndef QUANTD_BASE_FILE_SYSTEM_H_
#define QUANTD_BASE_FILE_SYSTEM_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace quantd {

// A file open for appending.
//
// Threads: compatible, not safe. The destructor closes, without syncing.
class AppendFile {
 public:
  virtual ~AppendFile() = default;

  // Writes all of `data` at the end. After an error an unknown part of it was
  // written: look at FileSystem::Size.
  virtual absl::Status Append(absl::string_view data) = 0;

  // Returns when everything appended so far survives a loss of power.
  virtual absl::Status Sync() = 0;
};

// A file open for reading at any position.
//
// Threads: safe.
class ReadFile {
 public:
  virtual ~ReadFile() = default;

  // Up to `num_bytes` bytes from `offset`; fewer only at the end of the file.
  virtual absl::StatusOr<std::string> ReadAt(int64_t offset,
                                             int64_t num_bytes) const = 0;
};

// Threads: safe. Paths are absolute or relative to the working directory.
//
// Errors of all methods, naming the path: NOT_FOUND, FILE_NOT_FOUND;
// ALREADY_EXISTS; PERMISSION_DENIED; RESOURCE_EXHAUSTED with DISK_FULL (no
// space, no inodes, over quota) or TOO_MANY_FILES; otherwise INTERNAL,
// IO_ERROR.
class FileSystem {
 public:
  // The machine's file system; lives as long as the process.
  static FileSystem* Posix();

  virtual ~FileSystem() = default;

  // The whole file. RESOURCE_EXHAUSTED, FILE_TOO_LARGE above `max_bytes`.
  absl::StatusOr<std::string> Read(const std::string& path, int64_t max_bytes);

  // Replaces `path` by `data`: after a crash at any moment it holds all of the
  // old or all of the new bytes, and after OK the new ones for good.
  // Writes `path`.tmp, syncs, renames, syncs the directory.
  absl::Status WriteAtomic(const std::string& path, absl::string_view data);

  // Opens for appending; creates an empty file if there is none.
  virtual absl::StatusOr<std::unique_ptr<AppendFile>> OpenAppend(
      const std::string& path) = 0;
  virtual absl::StatusOr<std::unique_ptr<ReadFile>> OpenRead(
      const std::string& path) = 0;

  // Atomic; replaces `to`. Durable only after SyncDirectory.
  virtual absl::Status Rename(const std::string& from,
                              const std::string& to) = 0;
  // A file.
  virtual absl::Status Remove(const std::string& path) = 0;
  // An empty directory.
  virtual absl::Status RemoveDirectory(const std::string& path) = 0;
  // Cuts a file to `size` bytes.
  virtual absl::Status Truncate(const std::string& path, int64_t size) = 0;

  // OK if it is there already. The parent must exist. Mode 0700.
  virtual absl::Status MakeDirectory(const std::string& path) = 0;
  // Makes creations, renames and removals inside `path` durable.
  virtual absl::Status SyncDirectory(const std::string& path) = 0;
  // Names inside `path`, sorted, without "." and "..".
  virtual absl::StatusOr<std::vector<std::string>> List(
      const std::string& path) = 0;

  // File or directory. False also if it cannot be looked up.
  virtual bool Exists(const std::string& path) = 0;
  // Of a file, bytes.
  virtual absl::StatusOr<int64_t> Size(const std::string& path) = 0;
  // When the file was last written.
  virtual absl::StatusOr<absl::Time> ModifiedTime(const std::string& path) = 0;
  // Bytes an unprivileged process may still write below `path`.
  virtual absl::StatusOr<int64_t> FreeBytes(const std::string& path) = 0;
};

// The directory part of `path`: "a/b" -> "a", "a" -> ".", "/a" -> "/".
std::string DirectoryOf(absl::string_view path);

}  // namespace quantd

#endif  // QUANTD_BASE_FILE_SYSTEM_H_
