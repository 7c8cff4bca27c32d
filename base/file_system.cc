#include "base/file_system.h"

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/failpoints.h"
#include "base/status_macros.h"

namespace quantd {

absl::StatusOr<std::string> FileSystem::Read(const std::string& path,
                                             int64_t max_bytes) {
  ASSIGN_OR_RETURN(const auto file, OpenRead(path));
  ASSIGN_OR_RETURN(const int64_t size, Size(path));
  if (size > max_bytes) {
    return Error(absl::StatusCode::kResourceExhausted, "FILE_TOO_LARGE",
                 absl::StrCat(path, " has ", size, " bytes, at most ",
                              max_bytes, " are read"),
                 {{"path", path},
                  {"size", absl::StrCat(size)},
                  {"limit", absl::StrCat(max_bytes)}});
  }
  return file->ReadAt(0, size);
}

absl::Status FileSystem::WriteAtomic(const std::string& path,
                                     absl::string_view data) {
  const std::string temporary = absl::StrCat(path, ".tmp");
  if (Exists(temporary)) RETURN_IF_ERROR(Remove(temporary));
  auto remove = absl::MakeCleanup(
      [this, &temporary] { Remove(temporary).IgnoreError(); });
  {
    ASSIGN_OR_RETURN(const auto file, OpenAppend(temporary));
    RETURN_IF_ERROR(file->Append(data));
    QUANTD_FAILPOINT("base/write_atomic_before_sync");
    RETURN_IF_ERROR(file->Sync());
  }
  QUANTD_FAILPOINT("base/write_atomic_before_rename");
  RETURN_IF_ERROR(Rename(temporary, path));
  std::move(remove).Cancel();
  QUANTD_FAILPOINT("base/write_atomic_before_sync_directory");
  return SyncDirectory(DirectoryOf(path));
}

std::string DirectoryOf(absl::string_view path) {
  const size_t slash = path.rfind('/');
  if (slash == absl::string_view::npos) return ".";
  return slash == 0 ? "/" : std::string(path.substr(0, slash));
}

}  // namespace quantd
