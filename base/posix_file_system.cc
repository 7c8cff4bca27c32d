#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/file_system.h"
#include "base/status_macros.h"

namespace quantd {
namespace {

struct Kind {
  absl::StatusCode code;
  const char* reason;
};

Kind KindOf(int error) {
  switch (error) {
    case ENOENT:
    case ENOTDIR:
      return {absl::StatusCode::kNotFound, "FILE_NOT_FOUND"};
    case EEXIST:
    case ENOTEMPTY:
      return {absl::StatusCode::kAlreadyExists, "FILE_EXISTS"};
    case EACCES:
    case EPERM:
    case EROFS:
      return {absl::StatusCode::kPermissionDenied, "FILE_ACCESS_DENIED"};
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return {absl::StatusCode::kResourceExhausted, "DISK_FULL"};
    case EMFILE:
    case ENFILE:
      return {absl::StatusCode::kResourceExhausted, "TOO_MANY_FILES"};
    default:
      return {absl::StatusCode::kInternal, "IO_ERROR"};
  }
}

// The status of errno.
absl::Status SystemError(absl::string_view what, const std::string& path) {
  const int error = errno;
  const Kind kind = KindOf(error);
  return Error(
      kind.code, kind.reason,
      absl::StrCat("cannot ", what, " ", path, ": ", std::strerror(error)),
      {{"path", path}});
}

class Descriptor {
 public:
  Descriptor(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}
  ~Descriptor() { close(fd_); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int fd() const { return fd_; }
  const std::string& path() const { return path_; }

 private:
  const int fd_;
  const std::string path_;
};

class PosixAppendFile : public AppendFile {
 public:
  PosixAppendFile(int fd, const std::string& path) : file_(fd, path) {}

  absl::Status Append(absl::string_view data) override {
    while (!data.empty()) {
      const ssize_t written = write(file_.fd(), data.data(), data.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return SystemError("write", file_.path());
      data.remove_prefix(written);
    }
    return absl::OkStatus();
  }

  absl::Status Sync() override {
    if (fsync(file_.fd()) != 0) return SystemError("sync", file_.path());
    return absl::OkStatus();
  }

 private:
  const Descriptor file_;
};

class PosixReadFile : public ReadFile {
 public:
  PosixReadFile(int fd, const std::string& path) : file_(fd, path) {}

  absl::StatusOr<std::string> ReadAt(int64_t offset,
                                     int64_t num_bytes) const override {
    std::string data(num_bytes, '\0');
    int64_t done = 0;
    while (done < num_bytes) {
      const ssize_t count = pread(file_.fd(), data.data() + done,
                                  num_bytes - done, offset + done);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return SystemError("read", file_.path());
      if (count == 0) break;
      done += count;
    }
    data.resize(done);
    return data;
  }

 private:
  const Descriptor file_;
};

class PosixFileSystem : public FileSystem {
 public:
  absl::StatusOr<std::unique_ptr<AppendFile>> OpenAppend(
      const std::string& path) override {
    const int fd =
        open(path.c_str(),
             O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) return SystemError("open", path);
    return std::make_unique<PosixAppendFile>(fd, path);
  }

  absl::StatusOr<std::unique_ptr<ReadFile>> OpenRead(
      const std::string& path) override {
    const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return SystemError("open", path);
    return std::make_unique<PosixReadFile>(fd, path);
  }

  absl::Status Rename(const std::string& from, const std::string& to) override {
    if (rename(from.c_str(), to.c_str()) != 0) {
      return SystemError("rename", from);
    }
    return absl::OkStatus();
  }

  absl::Status Remove(const std::string& path) override {
    if (unlink(path.c_str()) != 0) return SystemError("remove", path);
    return absl::OkStatus();
  }

  absl::Status RemoveDirectory(const std::string& path) override {
    if (rmdir(path.c_str()) != 0) return SystemError("remove", path);
    return absl::OkStatus();
  }

  absl::Status Truncate(const std::string& path, int64_t size) override {
    if (truncate(path.c_str(), size) != 0) return SystemError("cut", path);
    return absl::OkStatus();
  }

  absl::Status MakeDirectory(const std::string& path) override {
    if (mkdir(path.c_str(), 0700) == 0) return absl::OkStatus();
    const int error = errno;
    struct stat info;
    if (error == EEXIST && stat(path.c_str(), &info) == 0 &&
        S_ISDIR(info.st_mode)) {
      return absl::OkStatus();
    }
    errno = error;
    return SystemError("make directory", path);
  }

  absl::Status SyncDirectory(const std::string& path) override {
    const int fd = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return SystemError("open", path);
    const Descriptor directory(fd, path);
    if (fsync(fd) != 0) return SystemError("sync", path);
    return absl::OkStatus();
  }

  absl::StatusOr<std::vector<std::string>> List(
      const std::string& path) override {
    const std::unique_ptr<DIR, int (*)(DIR*)> directory(opendir(path.c_str()),
                                                        closedir);
    if (directory == nullptr) return SystemError("list", path);
    std::vector<std::string> names;
    errno = 0;
    while (const dirent* entry = readdir(directory.get())) {
      const std::string name = entry->d_name;
      if (name != "." && name != "..") names.push_back(name);
      errno = 0;
    }
    if (errno != 0) return SystemError("list", path);
    std::sort(names.begin(), names.end());
    return names;
  }

  bool Exists(const std::string& path) override {
    struct stat info;
    return stat(path.c_str(), &info) == 0;
  }

  absl::StatusOr<int64_t> Size(const std::string& path) override {
    struct stat info;
    if (stat(path.c_str(), &info) != 0) return SystemError("look up", path);
    return static_cast<int64_t>(info.st_size);
  }

  absl::StatusOr<absl::Time> ModifiedTime(const std::string& path) override {
    struct stat info;
    if (stat(path.c_str(), &info) != 0) return SystemError("look up", path);
    return absl::TimeFromTimespec(info.st_mtim);
  }

  absl::StatusOr<int64_t> FreeBytes(const std::string& path) override {
    struct statvfs info;
    if (statvfs(path.c_str(), &info) != 0) return SystemError("look up", path);
    return static_cast<int64_t>(info.f_bavail) *
           static_cast<int64_t>(info.f_frsize);
  }
};

}  // namespace

FileSystem* FileSystem::Posix() {
  static PosixFileSystem* const files = new PosixFileSystem;
  return files;
}

}  // namespace quantd
