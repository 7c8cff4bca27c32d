// The two meta pages at the start of an LMDB's data.mdb, as LMDB 0.9 writes
// them on 64-bit little-endian machines: what must hold before the file may be
// mapped, because LMDB itself would read past the end of a truncated file.
#ifndef QUANTD_CLIENT_LMDB_HEADER_H_
#define QUANTD_CLIENT_LMDB_HEADER_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace quantd {

// Bytes that ParseLmdbHeader needs: both meta pages at the largest page size.
inline constexpr int64_t kLmdbHeaderBytes = 2 * 65536;

struct LmdbHeader {
  int64_t page_size = 0;
  // Pages in use; the file has at least this many.
  int64_t num_pages = 0;
  int64_t num_records = 0;
};

// bytes: the first kLmdbHeaderBytes of the file, or all of a shorter one.
// file_size: bytes.
// Errors: FAILED_PRECONDITION, LMDB_CORRUPT; the message names `path`.
absl::StatusOr<LmdbHeader> ParseLmdbHeader(absl::string_view bytes,
                                           int64_t file_size,
                                           const std::string& path);

}  // namespace quantd

#endif  // QUANTD_CLIENT_LMDB_HEADER_H_
