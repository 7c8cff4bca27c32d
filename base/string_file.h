// A file in memory.
#ifndef QUANTD_BASE_STRING_FILE_H_
#define QUANTD_BASE_STRING_FILE_H_

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "base/file_system.h"

namespace quantd {

class StringFile : public ReadFile {
 public:
  explicit StringFile(std::string bytes) : bytes_(std::move(bytes)) {}

  absl::StatusOr<std::string> ReadAt(int64_t offset,
                                     int64_t num_bytes) const override {
    const auto size = static_cast<int64_t>(bytes_.size());
    return bytes_.substr(std::min(offset, size), num_bytes);
  }

 private:
  const std::string bytes_;
};

}  // namespace quantd

#endif  // QUANTD_BASE_STRING_FILE_H_
