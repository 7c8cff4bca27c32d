#include "engine/data/testing/test_lmdb.h"

#include <lmdb.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "gtest/gtest.h"

namespace quantd::testing {
namespace {

MDB_val ToValue(const std::string& text) {
  return {text.size(), const_cast<char*>(text.data())};
}

}  // namespace

std::string NewDirectory() {
  std::string name = absl::StrCat(::testing::TempDir(), "/lmdb_XXXXXX");
  EXPECT_NE(mkdtemp(name.data()), nullptr);
  return name;
}

std::string WriteLmdb(const Records& records) {
  const std::string directory = NewDirectory();
  MDB_env* env = nullptr;
  MDB_txn* txn = nullptr;
  MDB_dbi database = 0;
  EXPECT_EQ(mdb_env_create(&env), 0);
  EXPECT_EQ(mdb_env_set_mapsize(env, size_t{1} << 28), 0);
  EXPECT_EQ(mdb_env_open(env, directory.c_str(), 0, 0644), 0);
  EXPECT_EQ(mdb_txn_begin(env, nullptr, 0, &txn), 0);
  EXPECT_EQ(mdb_dbi_open(txn, nullptr, 0, &database), 0);
  for (const auto& [key, value] : records) {
    MDB_val mdb_key = ToValue(key);
    MDB_val mdb_value = ToValue(value);
    EXPECT_EQ(mdb_put(txn, database, &mdb_key, &mdb_value, 0), 0);
  }
  EXPECT_EQ(mdb_txn_commit(txn), 0);
  mdb_env_close(env);
  return directory;
}

std::string WriteLmdb(const std::vector<caffe::Datum>& datums) {
  Records records;
  for (size_t i = 0; i < datums.size(); ++i) {
    records.emplace_back(absl::StrFormat("%08d", i),
                         datums[i].SerializeAsString());
  }
  return WriteLmdb(records);
}

caffe::Datum MakeDatum(int channels, int height, int width,
                       const std::string& data, int label) {
  caffe::Datum datum;
  datum.set_channels(channels);
  datum.set_height(height);
  datum.set_width(width);
  datum.set_data(data);
  datum.set_label(label);
  return datum;
}

std::string ReadBytes(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  EXPECT_TRUE(in.good()) << file;
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

void WriteBytes(const std::string& file, const std::string& bytes) {
  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  out << bytes;
  EXPECT_TRUE(out.good()) << file;
}

}  // namespace quantd::testing
