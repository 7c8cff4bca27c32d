#include "engine/hdf5/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>

#include "absl/memory/memory.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/file_system.h"
#include "base/status_macros.h"

namespace quantd {

absl::StatusOr<std::unique_ptr<MappedFile>> MappedFile::Open(
    const std::string& path) {
  ASSIGN_OR_RETURN(const int64_t size, FileSystem::Posix()->Size(path));
  if (size == 0) return absl::WrapUnique(new MappedFile(absl::string_view()));
  void* start = MAP_FAILED;
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file >= 0) {
    start = mmap(nullptr, static_cast<size_t>(size), PROT_READ, MAP_PRIVATE,
                 file, 0);
  }
  const int code = errno;
  if (file >= 0) close(file);
  if (start == MAP_FAILED) {
    return Error(absl::StatusCode::kInternal, "IO_ERROR",
                 absl::StrCat(path, " cannot be read: ", std::strerror(code)),
                 {{"file", path}});
  }
  return absl::WrapUnique(new MappedFile(absl::string_view(
      static_cast<const char*>(start), static_cast<size_t>(size))));
}

MappedFile::~MappedFile() {
  if (bytes_.empty()) return;
  munmap(const_cast<char*>(bytes_.data()), bytes_.size());
}

}  // namespace quantd
