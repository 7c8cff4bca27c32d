// Files that the user names on the command line, checked before anything is
// sent: errors say which file, and what to do.
#ifndef QUANTD_CLIENT_INPUT_FILE_H_
#define QUANTD_CLIENT_INPUT_FILE_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace quantd {

// OK if `path` is a readable regular file of at least one byte.
// Errors, all FAILED_PRECONDITION: FILE_NOT_FOUND (also a directory),
// FILE_EMPTY, FILE_READ_FAILED (no permission).
absl::Status CheckInputFile(const std::string& path);

// The bytes of a checked file.
// Errors: as CheckInputFile; FAILED_PRECONDITION, FILE_TOO_LARGE above
// `max_bytes`.
absl::StatusOr<std::string> ReadInputFile(const std::string& path,
                                          int64_t max_bytes);

}  // namespace quantd

#endif  // QUANTD_CLIENT_INPUT_FILE_H_
