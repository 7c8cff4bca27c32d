#include "client/blob_transfer.h"

#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/sha256.h"
#include "base/testing/status_matchers.h"
#include "client/testing/fake_server.h"

namespace quantd {
namespace {

using testing::FakeServer;
using testing::HasReason;
using testing::StatusIs;

std::string ReadBytes(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file),
                     std::istreambuf_iterator<char>());
}

std::string Pattern(size_t size) {
  std::string bytes(size, '\0');
  for (size_t i = 0; i < size; ++i)
    bytes[i] = static_cast<char>(i * 7 + i / 251);
  return bytes;
}

class BlobTransferTest : public ::testing::Test {
 protected:
  BlobTransferTest()
      : client_(*Client::Connect(server_.address(), {})),
        blobs_(client_.get()) {
    std::string path = ::testing::TempDir() + "/blobs_XXXXXX";
    EXPECT_NE(mkdtemp(&path[0]), nullptr);
    directory_ = path;
  }

  std::string Write(const std::string& name, const std::string& bytes) {
    const std::string path = directory_ + "/" + name;
    std::ofstream(path, std::ios::binary) << bytes;
    return path;
  }

  size_t NumFiles() {
    return std::distance(std::filesystem::directory_iterator(directory_), {});
  }

  FakeServer server_;
  std::unique_ptr<Client> client_;
  BlobTransfer blobs_;
  std::string directory_;
};

TEST_F(BlobTransferTest, UploadsInChunks) {
  const std::string bytes = Pattern((5 << 20) / 2);
  const std::string path = Write("model.caffemodel", bytes);
  int64_t last = 0;
  ASSERT_OK_AND_ASSIGN(const v1::BlobRef blob,
                       blobs_.Upload(path, [&](int64_t done, int64_t total) {
                         EXPECT_GE(done, last);
                         EXPECT_EQ(total, static_cast<int64_t>(bytes.size()));
                         last = done;
                       }));
  EXPECT_EQ(blob.sha256(), Sha256Hex(bytes));
  EXPECT_EQ(blob.size_bytes(), bytes.size());
  EXPECT_EQ(blob.file_name(), "model.caffemodel");
  EXPECT_TRUE(server_.HasBlob(blob.sha256()));
  EXPECT_EQ(server_.messages_received(), 3);
  EXPECT_EQ(last, bytes.size());
}

TEST_F(BlobTransferTest, StoredBlobIsNotSentAgain) {
  const std::string path = Write("a", "abc");
  server_.AddBlob("a", "abc");
  ASSERT_OK(blobs_.Upload(path));
  EXPECT_EQ(server_.calls("WriteBlob"), 0);
}

TEST_F(BlobTransferTest, BrokenUploadGoesOnWhereItStopped) {
  const std::string bytes = Pattern(5 << 20);
  const std::string path = Write("a", bytes);
  server_.BreakStreams(2, 2);
  ASSERT_OK_AND_ASSIGN(const v1::BlobRef blob, blobs_.Upload(path));
  EXPECT_TRUE(server_.HasBlob(blob.sha256()));
  EXPECT_EQ(server_.calls("WriteBlob"), 3);
  EXPECT_EQ(server_.messages_received(), 5);
}

TEST_F(BlobTransferTest, UploadGivesUpWithoutProgress) {
  const std::string path = Write("a", "abc");
  server_.BreakStreams(0, 100);
  const auto blob = blobs_.Upload(path);
  EXPECT_THAT(blob, StatusIs(absl::StatusCode::kUnavailable, path));
  EXPECT_EQ(server_.calls("WriteBlob"), 4);
}

TEST_F(BlobTransferTest, BadInputIsFoundBeforeAnyCall) {
  EXPECT_THAT(blobs_.Upload("/nowhere"), HasReason("FILE_NOT_FOUND"));
  EXPECT_THAT(blobs_.Upload(Write("empty", "")), HasReason("FILE_EMPTY"));
  EXPECT_EQ(server_.calls("FindMissingBlobs"), 0);
}

TEST_F(BlobTransferTest, FetchesIntoPlace) {
  const std::string bytes = Pattern(5500);
  const v1::BlobRef blob = server_.AddBlob("x", bytes);
  const std::string target = directory_ + "/x.prototxt";
  ASSERT_OK(blobs_.Fetch(blob, target));
  EXPECT_EQ(ReadBytes(target), bytes);
  EXPECT_EQ(NumFiles(), 1);
  // Again: nothing to do.
  ASSERT_OK(blobs_.Fetch(blob, target));
  EXPECT_EQ(server_.calls("ReadBlob"), 1);
}

TEST_F(BlobTransferTest, FetchReplacesOtherContent) {
  const v1::BlobRef blob = server_.AddBlob("x", "new");
  const std::string target = Write("x", "old and longer");
  ASSERT_OK(blobs_.Fetch(blob, target));
  EXPECT_EQ(ReadBytes(target), "new");
}

TEST_F(BlobTransferTest, EmptyBlobIsFetched) {
  const std::string target = directory_ + "/empty";
  ASSERT_OK(blobs_.Fetch(server_.AddBlob("x", ""), target));
  EXPECT_TRUE(std::filesystem::exists(target));
}

TEST_F(BlobTransferTest, BrokenFetchGoesOnWhereItStopped) {
  const std::string bytes = Pattern(5500);
  const v1::BlobRef blob = server_.AddBlob("x", bytes);
  server_.BreakStreams(2, 2);
  ASSERT_OK(blobs_.Fetch(blob, directory_ + "/x"));
  EXPECT_EQ(ReadBytes(directory_ + "/x"), bytes);
  EXPECT_EQ(server_.calls("ReadBlob"), 3);
}

TEST_F(BlobTransferTest, LaterFetchResumesTheEarlierOnesPart) {
  const std::string bytes = Pattern(5500);
  const v1::BlobRef blob = server_.AddBlob("x", bytes);
  const std::string part =
      "." + std::string("x.") + blob.sha256().substr(0, 16) + ".part";
  Write(part, bytes.substr(0, 5000));
  int64_t first = -1;
  ASSERT_OK(blobs_.Fetch(blob, directory_ + "/x", [&](int64_t done, int64_t) {
    if (first < 0) first = done;
  }));
  EXPECT_EQ(first, 5500);
  EXPECT_EQ(ReadBytes(directory_ + "/x"), bytes);
}

TEST_F(BlobTransferTest, WrongPartIsThrownAway) {
  const std::string bytes = Pattern(5500);
  const v1::BlobRef blob = server_.AddBlob("x", bytes);
  Write(".x." + blob.sha256().substr(0, 16) + ".part", std::string(6000, 'z'));
  ASSERT_OK(blobs_.Fetch(blob, directory_ + "/x"));
  EXPECT_EQ(ReadBytes(directory_ + "/x"), bytes);
  EXPECT_EQ(NumFiles(), 1);
}

TEST_F(BlobTransferTest, CorruptBytesNeverArrive) {
  const v1::BlobRef blob = server_.AddBlob("x", "abc");
  server_.CorruptReads(true);
  EXPECT_THAT(blobs_.Fetch(blob, directory_ + "/x"),
              HasReason("ARTIFACT_CORRUPT"));
  EXPECT_EQ(NumFiles(), 0);
}

TEST_F(BlobTransferTest, UnwritableTargetIsNamed) {
  const v1::BlobRef blob = server_.AddBlob("x", "abc");
  const absl::Status status = blobs_.Fetch(blob, "/nowhere/x");
  EXPECT_THAT(status, HasReason("FILE_WRITE_FAILED"));
  EXPECT_THAT(blobs_.Fetch(v1::BlobRef(), directory_ + "/y"),
              HasReason("ARTIFACT_CORRUPT"));
}

}  // namespace
}  // namespace quantd
