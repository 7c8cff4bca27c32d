// Files that exist while a job runs.
#ifndef QUANTD_ENGINE_JOBS_SCRATCH_DIRECTORY_H_
#define QUANTD_ENGINE_JOBS_SCRATCH_DIRECTORY_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace quantd {

// A directory of its own, which only this user can read, under $TMPDIR or /tmp;
// removed with its files by the destructor.
//
// Threads: compatible, not safe.
class ScratchDirectory {
 public:
  // Errors: UNAVAILABLE, DISK_ERROR.
  static absl::StatusOr<std::unique_ptr<ScratchDirectory>> Create();
  ~ScratchDirectory();
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;

  // A new file with these bytes; its path. Errors: those of FileSystem.
  absl::StatusOr<std::string> Write(absl::string_view bytes);

 private:
  explicit ScratchDirectory(const std::string& path) : path_(path) {}

  const std::string path_;
  std::vector<std::string> files_;
};

}  // namespace quantd

#endif  // QUANTD_ENGINE_JOBS_SCRATCH_DIRECTORY_H_
