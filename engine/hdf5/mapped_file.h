// A file's bytes without reading them all into memory.
#ifndef QUANTD_ENGINE_HDF5_MAPPED_FILE_H_
#define QUANTD_ENGINE_HDF5_MAPPED_FILE_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace quantd {

// A file mapped read-only. Nobody may cut it meanwhile.
//
// Threads: safe.
class MappedFile {
 public:
  // Errors: those of FileSystem::Size(); INTERNAL, IO_ERROR.
  static absl::StatusOr<std::unique_ptr<MappedFile>> Open(
      const std::string& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  absl::string_view bytes() const { return bytes_; }

 private:
  explicit MappedFile(absl::string_view bytes) : bytes_(bytes) {}

  const absl::string_view bytes_;
};

}  // namespace quantd

#endif  // QUANTD_ENGINE_HDF5_MAPPED_FILE_H_
