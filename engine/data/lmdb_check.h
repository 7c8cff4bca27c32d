// Checks that an LMDB file is sound before liblmdb maps it: liblmdb trusts the
// offsets in the file and would read outside of the mapping.
#ifndef QUANTD_ENGINE_DATA_LMDB_CHECK_H_
#define QUANTD_ENGINE_DATA_LMDB_CHECK_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"

namespace quantd {

// Walks the tree of the unnamed database in `path` (a data.mdb file of format
// version 1, 64-bit) and checks every page number, node and value against the
// size of the file. Values are not read. Returns the number of records.
//
// Time: one read per tree page; values larger than half a page are not touched.
// Errors: FAILED_PRECONDITION, DATASET_CORRUPT with the file and what is wrong.
absl::StatusOr<int64_t> CheckLmdbFile(const std::string& path);

}  // namespace quantd

#endif  // QUANTD_ENGINE_DATA_LMDB_CHECK_H_
