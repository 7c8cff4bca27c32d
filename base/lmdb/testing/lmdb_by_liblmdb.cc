#include "base/lmdb/testing/lmdb_by_liblmdb.h"

#include <lmdb.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace quantd::testing {
namespace {

std::string NewDirectory() {
  std::string name = absl::StrCat(::testing::TempDir(), "/liblmdb_XXXXXX");
  EXPECT_NE(mkdtemp(name.data()), nullptr);
  return name;
}

MDB_val ToValue(const std::string& text) {
  return {text.size(), const_cast<char*>(text.data())};
}

void Commit(MDB_env* env, const Transaction& transaction,
            const LmdbKind& kind) {
  MDB_txn* txn = nullptr;
  MDB_dbi database = 0;
  ASSERT_EQ(mdb_txn_begin(env, nullptr, 0, &txn), 0);
  ASSERT_EQ(
      mdb_dbi_open(txn, kind.database, kind.flags | MDB_CREATE, &database), 0);
  for (const auto& [key, value] : transaction) {
    MDB_val mdb_key = ToValue(key);
    if (value.has_value()) {
      MDB_val mdb_value = ToValue(*value);
      ASSERT_EQ(mdb_put(txn, database, &mdb_key, &mdb_value, 0), 0);
    } else {
      ASSERT_EQ(mdb_del(txn, database, &mdb_key, nullptr), 0);
    }
  }
  ASSERT_EQ(mdb_txn_commit(txn), 0);
}

template <typename T>
void Store(T value, size_t offset, std::string* bytes) {
  std::memcpy(&(*bytes)[offset], &value, sizeof(value));
}

// Meta page `number`: one leaf, page 2, and pages up to `last_page`.
void StoreMeta(uint64_t number, size_t page_bytes, size_t num_records,
               uint64_t last_page, std::string* bytes) {
  const size_t at = number * page_bytes;
  Store<uint64_t>(number, at, bytes);
  Store<uint16_t>(0x08, at + 10, bytes);
  Store<uint32_t>(0xBEEFC0DE, at + 16, bytes);
  Store<uint32_t>(1, at + 20, bytes);
  Store<uint64_t>(bytes->size(), at + 32, bytes);
  Store<uint32_t>(static_cast<uint32_t>(page_bytes), at + 40, bytes);
  Store<uint16_t>(0x08, at + 44, bytes);  // The free list's keys are integers.
  Store<uint64_t>(~uint64_t{0}, at + 80, bytes);
  Store<uint16_t>(1, at + 94, bytes);  // Depth.
  Store<uint64_t>(1, at + 104, bytes);
  Store<uint64_t>(num_records, at + 120, bytes);
  Store<uint64_t>(2, at + 128, bytes);
  Store<uint64_t>(last_page, at + 136, bytes);
  Store<uint64_t>(number, at + 144, bytes);
}

}  // namespace

std::string LmdbBytes(const std::vector<Transaction>& transactions,
                      const LmdbKind& kind) {
  const std::string directory = NewDirectory();
  MDB_env* env = nullptr;
  EXPECT_EQ(mdb_env_create(&env), 0);
  EXPECT_EQ(mdb_env_set_mapsize(env, size_t{1} << 30), 0);
  EXPECT_EQ(mdb_env_set_maxdbs(env, 4), 0);
  EXPECT_EQ(mdb_env_open(env, directory.c_str(), MDB_NOSYNC, 0644), 0);
  for (const Transaction& transaction : transactions) {
    Commit(env, transaction, kind);
  }
  mdb_env_close(env);
  std::ifstream in(directory + "/data.mdb", std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

std::string LmdbBytes(const Records& records) {
  return LmdbBytes({Transaction(records.begin(), records.end())});
}

std::string WriteTestFile(const std::string& bytes) {
  const std::string path = NewDirectory() + "/data.mdb";
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << bytes;
  EXPECT_TRUE(out.good()) << path;
  return path;
}

Records ReadByLiblmdb(const std::string& bytes) {
  const std::string path = WriteTestFile(bytes);
  MDB_env* env = nullptr;
  MDB_txn* txn = nullptr;
  MDB_dbi database = 0;
  MDB_cursor* cursor = nullptr;
  EXPECT_EQ(mdb_env_create(&env), 0);
  EXPECT_EQ(mdb_env_open(env, path.c_str(),
                         MDB_RDONLY | MDB_NOLOCK | MDB_NOSUBDIR, 0444),
            0);
  EXPECT_EQ(mdb_txn_begin(env, nullptr, MDB_RDONLY, &txn), 0);
  EXPECT_EQ(mdb_dbi_open(txn, nullptr, 0, &database), 0);
  EXPECT_EQ(mdb_cursor_open(txn, database, &cursor), 0);
  Records records;
  MDB_val key;
  MDB_val value;
  while (mdb_cursor_get(cursor, &key, &value, MDB_NEXT) == 0) {
    records.emplace_back(
        std::string(static_cast<char*>(key.mv_data), key.mv_size),
        std::string(static_cast<char*>(value.mv_data), value.mv_size));
  }
  mdb_cursor_close(cursor);
  mdb_txn_abort(txn);
  mdb_env_close(env);
  return records;
}

std::string LmdbBytesOfPages(size_t page_bytes, const Records& records) {
  std::string bytes(3 * page_bytes, '\0');
  const size_t leaf = 2 * page_bytes;
  size_t upper = page_bytes;
  for (size_t i = 0; i < records.size(); ++i) {
    const auto& [key, value] = records[i];
    const bool is_big = value.size() > page_bytes / 4;
    std::string node(8, '\0');
    Store<uint32_t>(static_cast<uint32_t>(value.size()), 0, &node);
    Store<uint16_t>(is_big ? 1 : 0, 4, &node);
    Store<uint16_t>(static_cast<uint16_t>(key.size()), 6, &node);
    node += key;
    if (is_big) {
      const uint64_t page = bytes.size() / page_bytes;
      const size_t count = (16 + value.size() + page_bytes - 1) / page_bytes;
      bytes.resize(bytes.size() + count * page_bytes, '\0');
      Store<uint64_t>(page, page * page_bytes, &bytes);
      Store<uint16_t>(0x04, page * page_bytes + 10, &bytes);
      Store<uint32_t>(static_cast<uint32_t>(count), page * page_bytes + 12,
                      &bytes);
      bytes.replace(page * page_bytes + 16, value.size(), value);
      node.append(reinterpret_cast<const char*>(&page), sizeof(page));
    } else {
      node += value;
    }
    node.resize((node.size() + 1) / 2 * 2, '\0');
    upper -= node.size();
    bytes.replace(leaf + upper, node.size(), node);
    Store<uint16_t>(static_cast<uint16_t>(upper), leaf + 16 + 2 * i, &bytes);
  }
  Store<uint64_t>(2, leaf, &bytes);
  Store<uint16_t>(0x02, leaf + 10, &bytes);
  Store<uint16_t>(static_cast<uint16_t>(16 + 2 * records.size()), leaf + 12,
                  &bytes);
  Store<uint16_t>(static_cast<uint16_t>(upper), leaf + 14, &bytes);
  const uint64_t last_page = bytes.size() / page_bytes - 1;
  StoreMeta(0, page_bytes, records.size(), last_page, &bytes);
  StoreMeta(1, page_bytes, records.size(), last_page, &bytes);
  return bytes;
}

}  // namespace quantd::testing
