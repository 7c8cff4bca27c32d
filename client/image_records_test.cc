#include "client/image_records.h"

#include <fstream>
#include <string>
#include <vector>

#include "base/testing/status_matchers.h"
#include "client/open_records.h"
#include "client/testing/test_lmdb.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd {
namespace {

using ::quantd::testing::HasReason;
using ::quantd::testing::MakeTestDirectory;
using ::testing::HasSubstr;

void Write(const std::string& path, const std::string& text) {
  std::ofstream(path) << text;
}

struct Record {
  std::string key;
  std::string data;
  int label;
};

std::vector<Record> RecordsOf(const RecordSource& source, int64_t first = 0,
                              int64_t end = 1000) {
  std::vector<Record> records;
  EXPECT_OK(source.ForEach(
      first, end, [&](absl::string_view key, absl::string_view value) {
        caffe::Datum datum;
        EXPECT_TRUE(datum.ParseFromString(std::string(value)));
        EXPECT_TRUE(datum.encoded());
        records.push_back({std::string(key), datum.data(), datum.label()});
        return absl::OkStatus();
      }));
  return records;
}

TEST(ParseLabelledFilesTest, LabelsAreTheLastWordIfItIsANumber) {
  const auto files = ParseLabelledFiles(
      "a.jpg 3\r\n\n  b c.png\t-1 \nno label.jpg\nd.jpg 2147483648\n7");
  ASSERT_EQ(files.size(), 5u);
  EXPECT_EQ(files[0].path, "a.jpg");
  EXPECT_EQ(files[0].label, 3);
  EXPECT_EQ(files[1].path, "b c.png");
  EXPECT_EQ(files[1].label, -1);
  EXPECT_EQ(files[2].path, "no label.jpg");
  EXPECT_EQ(files[2].label, 0);
  EXPECT_EQ(files[3].path, "d.jpg 2147483648");
  EXPECT_EQ(files[4].path, "7");
}

TEST(ImageRecordsTest, ListsAreReadInTheirOrder) {
  const std::string folder = MakeTestDirectory("list");
  Write(folder + "/b.jpg", "bytes of b");
  Write(folder + "/a.jpg", "bytes of a");
  Write(folder + "/list.txt", "b.jpg 5\n" + folder + "/a.jpg 6\nb.jpg 7\n");
  ASSERT_OK_AND_ASSIGN(const auto source, OpenRecords(folder + "/list.txt"));
  EXPECT_EQ(source->num_records(), 3);
  const std::vector<Record> records = RecordsOf(*source);
  ASSERT_EQ(records.size(), 3u);
  EXPECT_EQ(records[0].key, "00000000_b.jpg");
  EXPECT_EQ(records[0].data, "bytes of b");
  EXPECT_EQ(records[0].label, 5);
  EXPECT_EQ(records[1].key, "00000001_a.jpg");
  EXPECT_EQ(records[2].label, 7);
  EXPECT_EQ(RecordsOf(*source, 1, 2).size(), 1u);
}

TEST(ImageRecordsTest, FoldersGiveTheirImagesByName) {
  const std::string folder = MakeTestDirectory("folder");
  Write(folder + "/2.PNG", "two");
  Write(folder + "/1.jpeg", "one");
  Write(folder + "/notes.txt", "no image");
  ASSERT_OK_AND_ASSIGN(const auto source, OpenRecords(folder));
  const std::vector<Record> records = RecordsOf(*source);
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[0].key, "00000000_1.jpeg");
  EXPECT_EQ(records[1].data, "two");
  EXPECT_EQ(records[1].label, 0);
}

TEST(ImageRecordsTest, LongNamesStayKeys) {
  const std::string folder = MakeTestDirectory("long");
  Write(folder + "/" + std::string(240, 'x') + ".png", "x");
  ASSERT_OK_AND_ASSIGN(const auto source, OpenRecords(folder));
  EXPECT_EQ(RecordsOf(*source)[0].key.size(), 209u);
}

TEST(ImageRecordsTest, WhatIsMissingIsNamed) {
  const std::string folder = MakeTestDirectory("missing");
  EXPECT_THAT(OpenRecords(folder + "/none").status(),
              HasReason("FILE_NOT_FOUND"));
  EXPECT_THAT(OpenRecords(folder).status(), HasReason("DATASET_EMPTY"));
  Write(folder + "/empty.txt", "\n \n");
  EXPECT_THAT(OpenRecords(folder + "/empty.txt").status(),
              HasReason("DATASET_EMPTY"));
  Write(folder + "/list.txt", "gone.jpg 1\n");
  const absl::Status status = OpenRecords(folder + "/list.txt").status();
  EXPECT_THAT(status, HasReason("FILE_NOT_FOUND"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("gone.jpg"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("list.txt"));
}

TEST(OpenRecordsTest, LmdbsAreLmdbs) {
  const std::string lmdb =
      testing::WriteTestLmdb("lmdb", testing::MakeTestRecords(3, 5));
  ASSERT_OK_AND_ASSIGN(const auto source, OpenRecords(lmdb));
  EXPECT_EQ(source->num_records(), 3);
  EXPECT_OK(OpenRecords(lmdb + "/data.mdb"));
}

}  // namespace
}  // namespace quantd
