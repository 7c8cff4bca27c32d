// Small LMDBs for tests.
#ifndef QUANTD_CLIENT_TESTING_TEST_LMDB_H_
#define QUANTD_CLIENT_TESTING_TEST_LMDB_H_

#include <string>
#include <utility>
#include <vector>

namespace quantd::testing {

using TestRecords = std::vector<std::pair<std::string, std::string>>;

// `count` records with keys "00000000", "00000001", ... and values of
// `value_bytes` bytes that differ from each other.
TestRecords MakeTestRecords(int count, int value_bytes);

// Writes an LMDB of `records` to a new directory under the test's temporary
// directory and returns its path.
std::string WriteTestLmdb(const std::string& name, const TestRecords& records);

// A new, empty directory under the test's temporary directory.
std::string MakeTestDirectory(const std::string& name);

}  // namespace quantd::testing

#endif  // QUANTD_CLIENT_TESTING_TEST_LMDB_H_
