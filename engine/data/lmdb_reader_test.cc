#include "engine/data/lmdb_reader.h"

#include <sys/stat.h>

#include "absl/strings/str_cat.h"
#include "base/testing/status_matchers.h"
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

// Damage is found where it is (base/lmdb/lmdb_damage_test.cc), by name.
TEST(LmdbReaderTest, NamesADamagedFile) {
  const std::string directory = WriteLmdb(ManyRecords());
  const std::string file = directory + "/data.mdb";
  const std::string whole = ReadBytes(file);
  WriteBytes(file, whole.substr(0, whole.size() / 2));
  EXPECT_THAT(LmdbReader::Open(directory),
              StatusIs(Code::kFailedPrecondition, file));
  EXPECT_THAT(LmdbReader::Open(directory), HasReason("DATASET_CORRUPT"));
}

}  // namespace
}  // namespace quantd::testing
