// LmdbFile against liblmdb, on what liblmdb writes.
#include "base/lmdb/lmdb_file.h"

#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/lmdb/testing/lmdb_by_liblmdb.h"
#include "base/testing/status_matchers.h"

namespace quantd::testing {
namespace {

constexpr char kReason[] = "DATASET_CORRUPT";

absl::StatusOr<Records> ReadAll(LmdbFile* file) {
  Records records;
  LmdbRecord record;
  while (true) {
    ASSIGN_OR_RETURN(const bool found, file->Next(&record));
    if (!found) return records;
    records.emplace_back(std::string(record.key), std::string(record.value));
  }
}

absl::StatusOr<Records> Read(const std::string& bytes) {
  ASSIGN_OR_RETURN(auto file, LmdbFile::Open(WriteTestFile(bytes), kReason));
  ASSIGN_OR_RETURN(Records records, ReadAll(file.get()));
  EXPECT_EQ(file->num_records(), static_cast<int64_t>(records.size()));
  return records;
}

// Reads as liblmdb does. Returns the number of records.
size_t ExpectSame(const std::string& bytes) {
  const Records expected = ReadByLiblmdb(bytes);
  const auto records = Read(bytes);
  EXPECT_OK(records);
  EXPECT_TRUE(records.ok() && *records == expected);
  return expected.size();
}

std::string Value(size_t size, int seed) {
  std::string value(size, '\0');
  for (size_t i = 0; i < size; ++i) value[i] = static_cast<char>(i * 7 + seed);
  return value;
}

Records Numbered(int count, size_t value_bytes) {
  Records records;
  for (int i = 0; i < count; ++i) {
    records.emplace_back(absl::StrFormat("%08d", i), Value(value_bytes, i));
  }
  return records;
}

TEST(LmdbFileTest, EmptyAndTiny) {
  EXPECT_EQ(ExpectSame(LmdbBytes(Records{})), 0u);
  EXPECT_EQ(ExpectSame(LmdbBytes(Records{{"a", ""}})), 1u);
  EXPECT_EQ(ExpectSame(LmdbBytes(Records{{"b", "2"}, {"a", "1"}})), 2u);
}

TEST(LmdbFileTest, DeepTrees) {
  // Long keys make branch pages narrow.
  Records records;
  for (int i = 0; i < 3000; ++i) {
    records.emplace_back(absl::StrCat(std::string(490, 'k'), 10000 + i),
                         Value(20, i));
  }
  EXPECT_EQ(ExpectSame(LmdbBytes(records)), 3000u);
  EXPECT_EQ(ExpectSame(LmdbBytes(Numbered(20000, 30))), 20000u);
}

// Around what fits into a leaf (2036 bytes) and into whole pages (16 bytes are
// the overflow page's header).
TEST(LmdbFileTest, ValuesOfAllSizes) {
  Records records;
  for (const size_t size : {0,    1,    2,    1999,  2010,  2011,  2020,   2021,
                            2022, 2030, 2036, 2037,  2038,  4079,  4080,   4081,
                            8175, 8176, 8177, 12271, 12272, 12273, 1000000}) {
    records.emplace_back(absl::StrFormat("size%08d", size), Value(size, 3));
  }
  EXPECT_EQ(ExpectSame(LmdbBytes(records)), records.size());
}

TEST(LmdbFileTest, KeysOfAnyBytesAreInByteOrder) {
  Records records;
  for (int i = 255; i >= 0; --i) {
    records.emplace_back(std::string(1 + i % 3, static_cast<char>(i)), "v");
  }
  EXPECT_EQ(ExpectSame(LmdbBytes(records)), 256u);
}

TEST(LmdbFileTest, DeletedAndOverwrittenRecords) {
  std::vector<Transaction> transactions;
  uint32_t state = 7;
  std::map<std::string, bool> there;
  for (int t = 0; t < 60; ++t) {
    Transaction transaction;
    for (int i = 0; i < 40; ++i) {
      state = state * 1664525u + 1013904223u;
      const std::string key = absl::StrCat("k", (state >> 8) % 400);
      if ((state >> 28) < 5 && there[key]) {
        transaction.emplace_back(key, absl::nullopt);
        there[key] = false;
      } else {
        transaction.emplace_back(key, Value((state >> 4) % 9000, i));
        there[key] = true;
      }
    }
    transactions.push_back(transaction);
    if (t % 10 == 9) ExpectSame(LmdbBytes(transactions));
  }
  // All gone again: free pages, an empty tree.
  Transaction rest;
  for (const auto& [key, is_there] : there) {
    if (is_there) rest.emplace_back(key, absl::nullopt);
  }
  transactions.push_back(rest);
  EXPECT_EQ(ExpectSame(LmdbBytes(transactions)), 0u);
}

TEST(LmdbFileTest, OtherPageSizes) {
  const Records records = {
      {"a", "1"}, {"b", Value(3000, 1)}, {"c", Value(200000, 2)}, {"d", "4"}};
  for (const size_t page_bytes : {512, 1024, 4096, 16384, 32768}) {
    const std::string bytes = LmdbBytesOfPages(page_bytes, records);
    ASSERT_OK_AND_ASSIGN(const Records read, Read(bytes));
    EXPECT_EQ(read, records) << page_bytes;
    EXPECT_EQ(ReadByLiblmdb(bytes), records) << page_bytes;
  }
}

TEST(LmdbFileTest, SkipsAndRewinds) {
  ASSERT_OK_AND_ASSIGN(
      auto file,
      LmdbFile::Open(WriteTestFile(LmdbBytes(Numbered(300, 5000))), kReason));
  LmdbRecord record;
  ASSERT_OK(file->Skip(250));
  ASSERT_OK_AND_ASSIGN(bool found, file->Next(&record));
  EXPECT_TRUE(found);
  EXPECT_EQ(record.key, "00000250");
  EXPECT_EQ(record.value, Value(5000, 250));
  EXPECT_THAT(file->Skip(50), HasReason(kReason));
  file->Rewind();
  ASSERT_OK_AND_ASSIGN(found, file->Next(&record));
  EXPECT_EQ(record.key, "00000000");
  ASSERT_OK(file->Skip(299));
  ASSERT_OK_AND_ASSIGN(found, file->Next(&record));
  EXPECT_FALSE(found);
  ASSERT_OK_AND_ASSIGN(found, file->Next(&record));
  EXPECT_FALSE(found);
}

// The newer meta page counts; an older reader's view is not an error.
TEST(LmdbFileTest, EveryCommitCounts) {
  std::vector<Transaction> transactions;
  for (int i = 0; i < 5; ++i) {
    transactions.push_back({{absl::StrCat("k", i), "v"}});
    EXPECT_EQ(ExpectSame(LmdbBytes(transactions)), size_t(i + 1));
  }
}

// liblmdb does not write free pages at the end: the file may be shorter than
// its last page says.
TEST(LmdbFileTest, AFileMayEndInFreePages) {
  std::string bytes = LmdbBytes(Numbered(10, 6000));
  for (const size_t meta : {0, 4096}) bytes[meta + 136] += 5;
  ASSERT_OK_AND_ASSIGN(const Records records, Read(bytes));
  EXPECT_EQ(records, Numbered(10, 6000));
}

}  // namespace
}  // namespace quantd::testing
