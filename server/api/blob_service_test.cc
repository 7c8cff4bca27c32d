#include "server/api/blob_service.h"

#include <memory>
#include <string>

#include "base/sha256.h"
#include "base/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "proto/rpc/grpc_status.h"
#include "server/testing/api_fixture.h"

namespace quantd::api {
namespace {

using ::quantd::testing::HasReason;
using ::testing::SizeIs;

v1::BlobRef RefOf(const std::string& bytes) {
  v1::BlobRef ref;
  ref.set_sha256(Sha256Hex(bytes));
  ref.set_size_bytes(static_cast<int64_t>(bytes.size()));
  return ref;
}

class BlobServiceTest : public ::quantd::testing::ApiFixture {
 protected:
  BlobServiceTest() : service_(context()) {
    Serve({&service_});
    stub_ = v1::BlobService::NewStub(channel());
  }
  ~BlobServiceTest() override { StopServer(); }

  // Writes bytes[from, to) in chunks; finish_write on the last if `finish`.
  absl::StatusOr<int64_t> Write(const v1::BlobRef& ref,
                                const std::string& bytes, size_t from,
                                size_t to, bool finish,
                                size_t chunk_size = 1000) {
    grpc::ClientContext context;
    v1::WriteBlobResponse response;
    const auto writer = stub_->WriteBlob(&context, &response);
    for (size_t offset = from;; offset += chunk_size) {
      v1::WriteBlobRequest request;
      if (offset == from) {
        *request.mutable_blob() = ref;
        request.set_upload_id("u-1");
      }
      const size_t end = std::min(to, offset + chunk_size);
      request.set_write_offset(static_cast<int64_t>(offset));
      request.set_data(bytes.substr(offset, end - offset));
      request.set_finish_write(finish && end == to);
      if (!writer->Write(request) || end == to) break;
    }
    writer->WritesDone();
    const absl::Status status = FromGrpcStatus(writer->Finish());
    if (!status.ok()) return status;
    return response.committed_size();
  }

  absl::StatusOr<std::string> Read(const v1::BlobRef& ref, int64_t offset,
                                   int64_t limit) {
    v1::ReadBlobRequest request;
    *request.mutable_blob() = ref;
    request.set_read_offset(offset);
    request.set_read_limit(limit);
    grpc::ClientContext context;
    const auto reader = stub_->ReadBlob(&context, request);
    std::string bytes;
    for (v1::ReadBlobResponse piece; reader->Read(&piece);) {
      bytes += piece.data();
    }
    const absl::Status status = FromGrpcStatus(reader->Finish());
    if (!status.ok()) return status;
    return bytes;
  }

  BlobService service_;
  std::unique_ptr<v1::BlobService::Stub> stub_;
};

TEST_F(BlobServiceTest, WhatIsWrittenIsRead) {
  const std::string bytes(3 * 1024 * 1024 + 17, 'q');
  const v1::BlobRef ref = RefOf(bytes);
  EXPECT_THAT(Read(ref, 0, 0), HasReason("BLOB_NOT_FOUND"));
  ASSERT_OK_AND_ASSIGN(const int64_t size,
                       Write(ref, bytes, 0, bytes.size(), true, 1 << 20));
  EXPECT_EQ(size, ref.size_bytes());
  ASSERT_OK_AND_ASSIGN(const std::string read, Read(ref, 0, 0));
  EXPECT_EQ(read, bytes);
  ASSERT_OK_AND_ASSIGN(const std::string part, Read(ref, 10, 5));
  EXPECT_EQ(part, "qqqqq");
  EXPECT_THAT(Read(ref, ref.size_bytes() + 1, 0),
              HasReason("OFFSET_OUT_OF_RANGE"));
  EXPECT_THAT(Read(ref, 0, -1), HasReason("OPTION_OUT_OF_RANGE"));
}

TEST_F(BlobServiceTest, AnUploadResumesWhereItStopped) {
  const std::string bytes(5000, 'r');
  const v1::BlobRef ref = RefOf(bytes);
  ASSERT_OK_AND_ASSIGN(int64_t size, Write(ref, bytes, 0, 3000, false));
  EXPECT_EQ(size, 3000);
  v1::QueryWriteStatusRequest query;
  *query.mutable_blob() = ref;
  query.set_upload_id("u-1");
  v1::QueryWriteStatusResponse status;
  {
    grpc::ClientContext context;
    ASSERT_OK(
        FromGrpcStatus(stub_->QueryWriteStatus(&context, query, &status)));
  }
  EXPECT_EQ(status.committed_size(), 3000);
  EXPECT_FALSE(status.complete());
  EXPECT_THAT(Write(ref, bytes, 2000, 5000, true),
              HasReason("OFFSET_OUT_OF_RANGE"));
  ASSERT_OK_AND_ASSIGN(size, Write(ref, bytes, 3000, 5000, true));
  EXPECT_EQ(size, 5000);
}

TEST_F(BlobServiceTest, AStoredBlobEndsTheCallAtOnce) {
  const std::string bytes(5000, 's');
  const v1::BlobRef ref = RefOf(bytes);
  ASSERT_OK(Write(ref, bytes, 0, 5000, true));
  ASSERT_OK_AND_ASSIGN(const int64_t size, Write(ref, bytes, 0, 5000, true));
  EXPECT_EQ(size, 5000);
}

TEST_F(BlobServiceTest, WrongBytesAndBigChunksAreRefused) {
  const v1::BlobRef ref = RefOf("right");
  EXPECT_THAT(Write(ref, "wrong", 0, 5, true), HasReason("DIGEST_MISMATCH"));
  const std::string big((1 << 20) + 1, 'b');
  EXPECT_THAT(Write(RefOf(big), big, 0, big.size(), true, big.size()),
              HasReason("OPTION_OUT_OF_RANGE"));
  v1::BlobRef evil = ref;
  evil.set_sha256("../../etc/passwd");
  EXPECT_THAT(Write(evil, "wrong", 0, 5, true),
              HasReason("OPTION_OUT_OF_RANGE"));
}

TEST_F(BlobServiceTest, MissingBlobsAreFound) {
  const std::string bytes = "there";
  ASSERT_OK(Write(RefOf(bytes), bytes, 0, bytes.size(), true));
  v1::FindMissingBlobsRequest request;
  *request.add_blobs() = RefOf(bytes);
  *request.add_blobs() = RefOf("not there");
  v1::FindMissingBlobsResponse response;
  grpc::ClientContext context;
  ASSERT_OK(
      FromGrpcStatus(stub_->FindMissingBlobs(&context, request, &response)));
  ASSERT_THAT(response.missing(), SizeIs(1));
  EXPECT_EQ(response.missing(0).sha256(), RefOf("not there").sha256());
}

}  // namespace
}  // namespace quantd::api
