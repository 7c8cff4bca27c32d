#include "storage/store_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/memory/memory.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"

namespace quantd::storage {

absl::StatusOr<std::unique_ptr<StoreLock>> StoreLock::Acquire(
    const std::string& data_dir) {
  const std::string path = absl::StrCat(data_dir, "/LOCK");
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) {
    return Error(absl::StatusCode::kPermissionDenied, "FILE_ACCESS_DENIED",
                 absl::StrCat("cannot open ", path, ": ", std::strerror(errno)),
                 {{"path", path}});
  }
  auto lock = absl::WrapUnique(new StoreLock(fd));
  if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    return Error(absl::StatusCode::kFailedPrecondition, "STORE_LOCKED",
                 absl::StrCat("another quantd uses ", data_dir,
                              ": stop it, or give this one its own data_dir"),
                 {{"path", path}});
  }
  return lock;
}

StoreLock::~StoreLock() { close(fd_); }

}  // namespace quantd::storage
