// The two meta pages at the start of an LMDB's data.mdb: how large its pages
// are, and where the tree of the unnamed database starts.
#ifndef QUANTD_BASE_LMDB_LMDB_META_H_
#define QUANTD_BASE_LMDB_LMDB_META_H_

#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace quantd {

// What one meta page says. Only the page size and the flags are checked: the
// rest must be compared with the file.
struct LmdbMeta {
  // Bytes that ParseLmdbMeta() needs.
  static constexpr size_t kBytes = 152;
  // The number that stands for "no page".
  static constexpr uint64_t kNoPage = ~uint64_t{0};

  size_t page_bytes = 0;     // A power of two, 256 .. 65536.
  int depth = 0;             // Of the tree; 0 if it is empty.
  uint64_t num_records = 0;  // In the unnamed database.
  uint64_t root = kNoPage;   // Its page number.
  uint64_t last_page = 0;    // The highest page number ever given out.
  uint64_t transaction = 0;  // Of the two pages, the higher one counts.
};

// Reads the meta page that starts `page`: LMDB 0.9 (data version 1) as 64-bit
// little-endian machines write it.
// Errors: INVALID_ARGUMENT, a phrase that continues "this file ...", for all
// other files: no LMDB, another version, 32-bit or big-endian machines, an
// unnamed database with duplicate keys or another key order.
absl::StatusOr<LmdbMeta> ParseLmdbMeta(absl::string_view page);

}  // namespace quantd

#endif  // QUANTD_BASE_LMDB_LMDB_META_H_
