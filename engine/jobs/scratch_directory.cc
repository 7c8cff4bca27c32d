#include "engine/jobs/scratch_directory.h"

#include <stdlib.h>

#include <cerrno>
#include <cstring>

#include "absl/memory/memory.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/file_system.h"
#include "base/status_macros.h"

namespace quantd {

absl::StatusOr<std::unique_ptr<ScratchDirectory>> ScratchDirectory::Create() {
  const char* root = getenv("TMPDIR");
  std::string path =
      absl::StrCat(root != nullptr ? root : "/tmp", "/quantd-job-XXXXXX");
  if (mkdtemp(&path[0]) == nullptr) {
    return Error(
        absl::StatusCode::kUnavailable, "FILE_WRITE_FAILED",
        absl::StrCat("cannot create ", path, ": ", std::strerror(errno),
                     "; make the directory for temporary files "
                     "writable, or set TMPDIR"),
        {{"file", path}});
  }
  return absl::WrapUnique(new ScratchDirectory(path));
}

ScratchDirectory::~ScratchDirectory() {
  for (const std::string& file : files_) {
    FileSystem::Posix()->Remove(file).IgnoreError();
  }
  FileSystem::Posix()->RemoveDirectory(path_).IgnoreError();
}

absl::StatusOr<std::string> ScratchDirectory::Write(absl::string_view bytes) {
  const std::string file = absl::StrCat(path_, "/", files_.size());
  files_.push_back(file);
  RETURN_IF_ERROR(FileSystem::Posix()->WriteAtomic(file, bytes));
  return file;
}

}  // namespace quantd
