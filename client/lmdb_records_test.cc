#include "client/lmdb_records.h"

#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/testing/status_matchers.h"
#include "client/testing/test_lmdb.h"

namespace quantd {
namespace {

using testing::HasReason;
using testing::MakeTestDirectory;
using testing::MakeTestRecords;
using testing::StatusIs;
using testing::TestRecords;
using testing::WriteTestLmdb;

TestRecords ReadAll(const LmdbRecords& records, int64_t first, int64_t end) {
  TestRecords result;
  EXPECT_OK(records.ForEach(
      first, end, [&](absl::string_view key, absl::string_view value) {
        result.emplace_back(std::string(key), std::string(value));
        return absl::OkStatus();
      }));
  return result;
}

std::string ReadBytes(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file),
                     std::istreambuf_iterator<char>());
}

// A directory whose data.mdb has `bytes`.
std::string WriteBytes(const std::string& bytes) {
  const std::string directory = MakeTestDirectory("bytes");
  std::ofstream(directory + "/data.mdb", std::ios::binary) << bytes;
  return directory;
}

TEST(LmdbRecordsTest, ReadsAllRecordsInKeyOrder) {
  // Values beyond a page go to overflow pages.
  const TestRecords written = MakeTestRecords(20, 6000);
  ASSERT_OK_AND_ASSIGN(const auto records,
                       LmdbRecords::Open(WriteTestLmdb("order", written)));
  EXPECT_EQ(records->num_records(), 20);
  EXPECT_EQ(ReadAll(*records, 0, 100), written);
}

TEST(LmdbRecordsTest, ReadsARange) {
  const TestRecords written = MakeTestRecords(10, 3);
  ASSERT_OK_AND_ASSIGN(const auto records,
                       LmdbRecords::Open(WriteTestLmdb("range", written)));
  EXPECT_EQ(ReadAll(*records, 4, 7),
            TestRecords(written.begin() + 4, written.begin() + 7));
  EXPECT_TRUE(ReadAll(*records, 10, 12).empty());
}

TEST(LmdbRecordsTest, TakesThePathOfTheFileAndWritesNothing) {
  const std::string path = WriteTestLmdb("path", MakeTestRecords(1, 1));
  ASSERT_OK_AND_ASSIGN(const auto records,
                       LmdbRecords::Open(path + "/data.mdb"));
  EXPECT_EQ(records->path(), path);
  EXPECT_EQ(ReadAll(*records, 0, 1).size(), 1);
  EXPECT_FALSE(std::filesystem::exists(path + "/lock.mdb"));
}

TEST(LmdbRecordsTest, VisitorsErrorEndsTheIteration) {
  ASSERT_OK_AND_ASSIGN(const auto records, LmdbRecords::Open(WriteTestLmdb(
                                               "stop", MakeTestRecords(5, 1))));
  int visits = 0;
  EXPECT_THAT(records->ForEach(0, 5,
                               [&](absl::string_view, absl::string_view) {
                                 ++visits;
                                 return absl::AbortedError("enough");
                               }),
              StatusIs(absl::StatusCode::kAborted, "enough"));
  EXPECT_EQ(visits, 1);
}

TEST(LmdbRecordsTest, BadInputIsNamed) {
  EXPECT_THAT(LmdbRecords::Open("/nowhere"), HasReason("FILE_NOT_FOUND"));
  EXPECT_THAT(
      LmdbRecords::Open("/nowhere"),
      StatusIs(absl::StatusCode::kFailedPrecondition, "/nowhere/data.mdb"));
  EXPECT_THAT(LmdbRecords::Open(MakeTestDirectory("none")),
              HasReason("FILE_NOT_FOUND"));
  EXPECT_THAT(LmdbRecords::Open(WriteBytes("")), HasReason("FILE_EMPTY"));
  EXPECT_THAT(LmdbRecords::Open(WriteBytes("short")),
              HasReason("LMDB_CORRUPT"));
  EXPECT_THAT(LmdbRecords::Open(WriteBytes(std::string(100000, 'x'))),
              HasReason("LMDB_CORRUPT"));
  EXPECT_THAT(LmdbRecords::Open(WriteTestLmdb("empty", {})),
              HasReason("DATASET_EMPTY"));
}

TEST(LmdbRecordsTest, EveryTruncationIsRefused) {
  const std::string bytes = ReadBytes(
      WriteTestLmdb("whole", MakeTestRecords(10, 6000)) + "/data.mdb");
  ASSERT_OK(LmdbRecords::Open(WriteBytes(bytes)));
  for (size_t size : {size_t{1}, size_t{151}, size_t{4096}, size_t{8191},
                      size_t{8192}, bytes.size() / 2, bytes.size() - 1}) {
    EXPECT_THAT(LmdbRecords::Open(WriteBytes(bytes.substr(0, size))),
                HasReason("LMDB_CORRUPT"))
        << size;
  }
}

TEST(LmdbRecordsTest, ValueSizeBeyondTheFileIsAnError) {
  const TestRecords written = MakeTestRecords(1, 6000);
  std::string bytes = ReadBytes(WriteTestLmdb("size", written) + "/data.mdb");
  // The leaf node: the value's size (6000) as u32 right before flags (overflow:
  // 1), key size (8) and key.
  const std::string node(
      "\x70\x17\0\0\x01\0\x08\0"
      "00000000",
      16);
  const size_t at = bytes.find(node);
  ASSERT_NE(at, std::string::npos);
  bytes[at + 3] = 0x10;  // 256 MiB.
  ASSERT_OK_AND_ASSIGN(const auto records,
                       LmdbRecords::Open(WriteBytes(bytes)));
  EXPECT_THAT(records->ForEach(0, 1,
                               [](absl::string_view, absl::string_view) {
                                 return absl::OkStatus();
                               }),
              HasReason("LMDB_CORRUPT"));
}

}  // namespace
}  // namespace quantd
