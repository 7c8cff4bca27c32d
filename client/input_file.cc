#include "client/input_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/file_system.h"
#include "base/status_macros.h"

namespace quantd {
namespace {

absl::Status Bad(absl::string_view reason, const std::string& path,
                 absl::string_view what) {
  return Error(absl::StatusCode::kFailedPrecondition, reason,
               absl::StrCat(path, what), {{"file", path}});
}

}  // namespace

absl::Status CheckInputFile(const std::string& path) {
  struct stat status;
  if (stat(path.c_str(), &status) != 0) {
    return Bad("FILE_NOT_FOUND", path,
               absl::StrCat(" cannot be opened: ", std::strerror(errno),
                            "; check the path"));
  }
  if (S_ISDIR(status.st_mode)) {
    return Bad("FILE_NOT_FOUND", path,
               " is a directory; give the path of a file");
  }
  if (access(path.c_str(), R_OK) != 0) {
    return Bad("FILE_READ_FAILED", path,
               " cannot be read; check its permissions");
  }
  if (status.st_size == 0) {
    return Bad("FILE_EMPTY", path, " is empty; write it again or give another");
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> ReadInputFile(const std::string& path,
                                          int64_t max_bytes) {
  RETURN_IF_ERROR(CheckInputFile(path));
  ASSIGN_OR_RETURN(const int64_t size, FileSystem::Posix()->Size(path));
  if (size > max_bytes) {
    return Bad("FILE_TOO_LARGE", path,
               absl::StrCat(" has ", size, " bytes, at most ", max_bytes,
                            " are allowed; give the right file"));
  }
  return FileSystem::Posix()->Read(path, max_bytes);
}

}  // namespace quantd
