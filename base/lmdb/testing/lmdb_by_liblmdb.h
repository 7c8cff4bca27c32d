// LMDBs as liblmdb writes and reads them, for tests of our own reader.
#ifndef QUANTD_BASE_LMDB_TESTING_LMDB_BY_LIBLMDB_H_
#define QUANTD_BASE_LMDB_TESTING_LMDB_BY_LIBLMDB_H_

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "absl/types/optional.h"

namespace quantd::testing {

using Records = std::vector<std::pair<std::string, std::string>>;

// Keys with new values; without a value, to be deleted.
using Transaction =
    std::vector<std::pair<std::string, absl::optional<std::string>>>;

// What the databases of a test may be.
struct LmdbKind {
  unsigned int flags = 0;          // MDB_DUPSORT, MDB_REVERSEKEY, ...
  const char* database = nullptr;  // Null: the unnamed one.
};

// The contents of the data.mdb that liblmdb makes of these transactions.
std::string LmdbBytes(const std::vector<Transaction>& transactions,
                      const LmdbKind& kind = {});
// One transaction.
std::string LmdbBytes(const Records& records);

// Writes `bytes` to a new file below the test's temporary directory, and
// returns its path.
std::string WriteTestFile(const std::string& bytes);

// All records, read by liblmdb. Only for sound files.
Records ReadByLiblmdb(const std::string& bytes);

// A data.mdb of `page_bytes` a page, made by hand: one leaf with the records,
// which must fit; values of more than page_bytes / 4 bytes in overflow pages.
std::string LmdbBytesOfPages(size_t page_bytes, const Records& records);

}  // namespace quantd::testing

#endif  // QUANTD_BASE_LMDB_TESTING_LMDB_BY_LIBLMDB_H_
