#include "engine/data/lmdb_reader.h"

#include <sys/stat.h>

#include <cstring>

#include "absl/strings/str_cat.h"
#include "base/testing/status_matchers.h"
#include "engine/data/lmdb_check.h"
#include "engine/data/testing/test_lmdb.h"

namespace quantd::testing {
namespace {

using Code = absl::StatusCode;

// Small values share pages; large ones have pages of their own.
Records ManyRecords() {
  Records records;
  for (int i = 0; i < 500; ++i) {
    records.emplace_back(absl::StrCat("key", 1000 + i),
                         std::string(i % 3 == 0 ? 9000 : 10 + i, 'a' + i % 26));
  }
  return records;
}

// Touches every byte of every record, until an error.
void ReadAll(LmdbReader* reader) {
  size_t num_bytes = 0;
  for (int64_t i = 0; i < reader->num_records(); ++i) {
    const auto record = reader->Next();
    if (!record.ok()) return;
    num_bytes += std::string(record->value).size();
  }
  EXPECT_GT(num_bytes, 0u);
}

// A record's bytes, or its error, without keeping pointers.
absl::StatusOr<std::string> NextKey(LmdbReader* reader) {
  ASSIGN_OR_RETURN(const LmdbRecord record, reader->Next());
  return std::string(record.key);
}

TEST(LmdbReaderTest, ReadsInKeyOrderAndStartsAgain) {
  ASSERT_OK_AND_ASSIGN(
      auto reader,
      LmdbReader::Open(WriteLmdb(Records{{"b", "2"}, {"a", "1"}, {"c", "3"}})));
  EXPECT_EQ(reader->num_records(), 3);
  std::string values;
  for (int i = 0; i < 7; ++i) {
    ASSERT_OK_AND_ASSIGN(const LmdbRecord record, reader->Next());
    values += std::string(record.key) + std::string(record.value);
  }
  EXPECT_EQ(values, "a1b2c3a1b2c3a1");
  reader->Rewind();
  ASSERT_OK_AND_ASSIGN(const std::string key, NextKey(reader.get()));
  EXPECT_EQ(key, "a");
}

TEST(LmdbReaderTest, ReadsSmallAndLargeValuesOfADeepTree) {
  const Records records = ManyRecords();
  ASSERT_OK_AND_ASSIGN(auto reader, LmdbReader::Open(WriteLmdb(records)));
  ASSERT_EQ(reader->num_records(), 500);
  for (const auto& [key, value] : records) {
    ASSERT_OK_AND_ASSIGN(const LmdbRecord record, reader->Next());
    EXPECT_EQ(record.key, key);
    EXPECT_EQ(record.value, value);
  }
}

TEST(LmdbReaderTest, NeedsNoLockFileAndNoWritePermission) {
  const std::string directory = WriteLmdb(Records{{"a", "1"}});
  ASSERT_EQ(std::remove((directory + "/lock.mdb").c_str()), 0);
  chmod((directory + "/data.mdb").c_str(), 0444);
  chmod(directory.c_str(), 0555);
  EXPECT_OK(LmdbReader::Open(directory));
  struct stat info;
  EXPECT_NE(stat((directory + "/lock.mdb").c_str(), &info), 0);
  chmod(directory.c_str(), 0755);
}

TEST(LmdbReaderTest, NamesAMissingDirectory) {
  const auto reader = LmdbReader::Open("/nonexistent/some_lmdb");
  EXPECT_THAT(reader, StatusIs(Code::kNotFound, "/nonexistent/some_lmdb"));
  EXPECT_THAT(reader, HasReason("DATASET_NOT_FOUND"));
}

TEST(LmdbReaderTest, RefusesEmptyDataSets) {
  EXPECT_THAT(LmdbReader::Open(WriteLmdb(Records{})),
              HasReason("DATASET_EMPTY"));
  const std::string directory = NewDirectory();
  WriteBytes(directory + "/data.mdb", "");
  EXPECT_THAT(LmdbReader::Open(directory), HasReason("DATASET_EMPTY"));
}

TEST(LmdbReaderTest, RefusesOtherFiles) {
  const std::string directory = NewDirectory();
  WriteBytes(directory + "/data.mdb", std::string(20000, 'x'));
  EXPECT_THAT(LmdbReader::Open(directory),
              StatusIs(Code::kFailedPrecondition, "is not an LMDB"));
  WriteBytes(directory + "/data.mdb", "version https://git-lfs");
  EXPECT_THAT(LmdbReader::Open(directory), HasReason("DATASET_CORRUPT"));
}

// Wherever the file ends: an error, or all records (the file may end in pages
// that nothing refers to), never a crash.
TEST(LmdbReaderTest, SurvivesTruncation) {
  const std::string whole = ReadBytes(WriteLmdb(ManyRecords()) + "/data.mdb");
  const std::string directory = NewDirectory();
  int num_refused = 0;
  for (size_t size = 1; size < whole.size(); size += 40961) {
    WriteBytes(directory + "/data.mdb", whole.substr(0, size));
    const auto reader = LmdbReader::Open(directory);
    if (reader.ok()) {
      ReadAll(reader->get());
      continue;
    }
    EXPECT_THAT(reader, HasReason("DATASET_CORRUPT"));
    ++num_refused;
  }
  EXPECT_GT(num_refused, 10);
  for (size_t cut = 4096; cut < 40 * 4096; cut += 4096) {
    WriteBytes(directory + "/data.mdb", whole.substr(0, whole.size() - cut));
    const auto reader = LmdbReader::Open(directory);
    if (reader.ok()) ReadAll(reader->get());
  }
  WriteBytes(directory + "/data.mdb", whole.substr(0, whole.size() / 2));
  EXPECT_THAT(LmdbReader::Open(directory),
              StatusIs(Code::kFailedPrecondition, "cut short"));
}

// Damages the tree at many places: reading ends in an error or in records.
TEST(LmdbReaderTest, SurvivesDamagedPages) {
  const std::string whole = ReadBytes(WriteLmdb(ManyRecords()) + "/data.mdb");
  const std::string directory = NewDirectory();
  int num_refused = 0;
  uint32_t state = 1;
  for (int i = 0; i < 400; ++i) {
    std::string damaged = whole;
    for (int j = 0; j < 40; ++j) {
      state = state * 1664525u + 1013904223u;
      // Mostly page headers and the offsets behind them.
      const size_t page = (state >> 8) % (whole.size() / 4096);
      const size_t place = page * 4096 + (state >> 24) % 64;
      damaged[place] = static_cast<char>(state >> 16);
    }
    WriteBytes(directory + "/data.mdb", damaged);
    auto reader = LmdbReader::Open(directory);
    if (!reader.ok()) {
      ++num_refused;
      continue;
    }
    ReadAll(reader->get());
  }
  EXPECT_GT(num_refused, 100);
}

// The root's number, as the newer meta page states it.
TEST(LmdbCheckTest, RefusesACycle) {
  const std::string directory = WriteLmdb(ManyRecords());
  std::string bytes = ReadBytes(directory + "/data.mdb");
  for (size_t meta : {size_t{0}, size_t{4096}}) {
    uint64_t root;
    std::memcpy(&root, &bytes[meta + 16 + 24 + 48 + 40], sizeof(root));
    if (root == ~uint64_t{0}) continue;
    // The first child of the root becomes the root itself.
    uint16_t node;
    std::memcpy(&node, &bytes[root * 4096 + 16], sizeof(node));
    const auto low = static_cast<uint16_t>(root);
    std::memcpy(&bytes[root * 4096 + node], &low, sizeof(low));
  }
  WriteBytes(directory + "/data.mdb", bytes);
  EXPECT_THAT(CheckLmdbFile(directory + "/data.mdb"),
              HasReason("DATASET_CORRUPT"));
}

TEST(LmdbCheckTest, CountsRecords) {
  ASSERT_OK_AND_ASSIGN(const int64_t count,
                       CheckLmdbFile(WriteLmdb(ManyRecords()) + "/data.mdb"));
  EXPECT_EQ(count, 500);
}

}  // namespace
}  // namespace quantd::testing
