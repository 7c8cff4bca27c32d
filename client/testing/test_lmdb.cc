#include "client/testing/test_lmdb.h"

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "gtest/gtest.h"
#include "lmdb.h"

namespace quantd::testing {

TestRecords MakeTestRecords(int count, int value_bytes) {
  TestRecords records;
  for (int i = 0; i < count; ++i) {
    std::string value(value_bytes, static_cast<char>('a' + i % 26));
    if (!value.empty()) value[0] = static_cast<char>(i);
    records.emplace_back(absl::StrFormat("%08d", i), value);
  }
  return records;
}

std::string MakeTestDirectory(const std::string& name) {
  std::string path = absl::StrCat(::testing::TempDir(), "/", name, "_XXXXXX");
  EXPECT_NE(mkdtemp(&path[0]), nullptr) << path;
  return path;
}

std::string WriteTestLmdb(const std::string& name, const TestRecords& records) {
  const std::string path = MakeTestDirectory(name);
  MDB_env* env = nullptr;
  EXPECT_EQ(mdb_env_create(&env), 0);
  EXPECT_EQ(mdb_env_set_mapsize(env, size_t{1} << 28), 0);
  EXPECT_EQ(mdb_env_open(env, path.c_str(), MDB_NOLOCK, 0644), 0);
  MDB_txn* txn = nullptr;
  EXPECT_EQ(mdb_txn_begin(env, nullptr, 0, &txn), 0);
  MDB_dbi database;
  EXPECT_EQ(mdb_dbi_open(txn, nullptr, 0, &database), 0);
  for (const auto& [key, value] : records) {
    MDB_val k{key.size(), const_cast<char*>(key.data())};
    MDB_val v{value.size(), const_cast<char*>(value.data())};
    EXPECT_EQ(mdb_put(txn, database, &k, &v, 0), 0);
  }
  EXPECT_EQ(mdb_txn_commit(txn), 0);
  mdb_env_close(env);
  return path;
}

}  // namespace quantd::testing
