#include "client/dataset_upload.h"

#include "base/sha256.h"
#include "base/testing/status_matchers.h"
#include "client/open_records.h"
#include "client/testing/fake_server.h"
#include "client/testing/test_lmdb.h"

namespace quantd {
namespace {

using testing::FakeServer;
using testing::HasReason;
using testing::MakeTestRecords;
using testing::StatusIs;
using testing::TestRecords;
using testing::WriteTestLmdb;

class DatasetUploadTest : public ::testing::Test {
 protected:
  DatasetUploadTest()
      : client_(*Client::Connect(server_.address(), {})),
        datasets_(client_.get()) {}

  FakeServer server_;
  std::unique_ptr<Client> client_;
  DatasetUpload datasets_;
};

TEST(DigestRecordsTest, FollowsTheProtocolsDefinition) {
  const std::string path = WriteTestLmdb("digest", {{"k", "vw"}, {"l0", ""}});
  ASSERT_OK_AND_ASSIGN(const auto records, OpenRecords(path));
  ASSERT_OK_AND_ASSIGN(const DatasetDigest digest, DigestRecords(*records, 9));
  const std::string bytes(
      "\1\0\0\0k\2\0\0\0\0\0\0\0vw"
      "\2\0\0\0l0\0\0\0\0\0\0\0\0",
      15 + 14);
  EXPECT_EQ(digest.sha256, Sha256Hex(bytes));
  EXPECT_EQ(digest.id, "ds-" + digest.sha256.substr(0, 40));
  EXPECT_EQ(digest.num_records, 2);
  EXPECT_EQ(digest.size_bytes, 2);
}

TEST_F(DatasetUploadTest, SendsAllRecordsInOrder) {
  // 10 records of 300 kB: three a message.
  const TestRecords written = MakeTestRecords(10, 300000);
  const std::string path = WriteTestLmdb("all", written);
  ASSERT_OK_AND_ASSIGN(const v1::Dataset dataset, datasets_.Upload(path, {}));
  EXPECT_TRUE(dataset.complete());
  EXPECT_EQ(dataset.num_records(), 10);
  EXPECT_EQ(dataset.size_bytes(), 3000000);
  EXPECT_EQ(path.substr(path.rfind('/') + 1), dataset.display_name());
  const auto stored = server_.dataset_records(dataset.id());
  ASSERT_EQ(stored.size(), 10);
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(stored[i], written[i].first + written[i].second);
  }
  EXPECT_EQ(server_.messages_received(), 4);
}

TEST_F(DatasetUploadTest, KnownDatasetIsNotSentAgain) {
  const std::string path = WriteTestLmdb("twice", MakeTestRecords(5, 10));
  ASSERT_OK_AND_ASSIGN(const v1::Dataset first, datasets_.Upload(path, {}));
  ASSERT_OK_AND_ASSIGN(const v1::Dataset second, datasets_.Upload(path, {}));
  EXPECT_EQ(first.id(), second.id());
  EXPECT_EQ(server_.calls("AppendRecords"), 1);
}

TEST_F(DatasetUploadTest, BrokenUploadGoesOnWhereItStopped) {
  const TestRecords written = MakeTestRecords(10, 900000);
  server_.BreakStreams(3, 2);
  ASSERT_OK_AND_ASSIGN(const v1::Dataset dataset,
                       datasets_.Upload(WriteTestLmdb("break", written), {}));
  EXPECT_TRUE(dataset.complete());
  EXPECT_EQ(server_.dataset_records(dataset.id()).size(), 10);
  EXPECT_EQ(server_.calls("AppendRecords"), 3);
  EXPECT_EQ(server_.messages_received(), 10);
}

TEST_F(DatasetUploadTest, LargeRecordsGoInParts) {
  const TestRecords written = MakeTestRecords(3, 5 << 20);
  server_.BreakStreams(4, 1);  // Within the second record.
  ASSERT_OK_AND_ASSIGN(const v1::Dataset dataset,
                       datasets_.Upload(WriteTestLmdb("large", written), {}));
  EXPECT_TRUE(dataset.complete());
  const auto records = server_.dataset_records(dataset.id());
  ASSERT_EQ(records.size(), 3);
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(records[i] == written[i].first + written[i].second) << i;
  }
}

TEST_F(DatasetUploadTest, OnlySoManyRecords) {
  const std::string path = WriteTestLmdb("some", MakeTestRecords(10, 10));
  DatasetUpload::Options options;
  options.max_records = 4;
  options.display_name = "mine";
  int64_t sent = 0;
  options.upload_progress = [&](int64_t done, int64_t total) {
    EXPECT_EQ(total, 4);
    sent = done;
  };
  ASSERT_OK_AND_ASSIGN(const v1::Dataset some, datasets_.Upload(path, options));
  EXPECT_EQ(some.num_records(), 4);
  EXPECT_EQ(some.display_name(), "mine");
  EXPECT_EQ(sent, 4);
  ASSERT_OK_AND_ASSIGN(const v1::Dataset all, datasets_.Upload(path, {}));
  EXPECT_EQ(all.num_records(), 10);
  EXPECT_NE(some.id(), all.id());
}

TEST_F(DatasetUploadTest, ErrorsNameTheLmdb) {
  EXPECT_THAT(datasets_.Upload("/nowhere", {}), HasReason("FILE_NOT_FOUND"));
  EXPECT_EQ(server_.calls("GetDataset"), 0);
  const std::string path = WriteTestLmdb("refused", MakeTestRecords(1, 1));
  server_.FailNextCalls(1, absl::PermissionDeniedError("no"));
  EXPECT_THAT(datasets_.Upload(path, {}),
              StatusIs(absl::StatusCode::kPermissionDenied, path));
}

}  // namespace
}  // namespace quantd
