#include "server/api/dataset_service.h"

#include <memory>
#include <string>

#include "base/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "proto/rpc/grpc_status.h"
#include "server/testing/api_fixture.h"
#include "server/testing/job_specs.h"

namespace quantd::api {
namespace {

using ::quantd::testing::HasReason;
using ::quantd::testing::TinyRecords;
using ::quantd::testing::TinyRecordsSha256;
using ::testing::SizeIs;

class DatasetServiceTest : public ::quantd::testing::ApiFixture {
 protected:
  DatasetServiceTest() : service_(context()) {
    Serve({&service_});
    stub_ = v1::DatasetService::NewStub(channel());
    id_ = *storage::DatasetStore::IdForDigest(TinyRecordsSha256());
  }
  ~DatasetServiceTest() override { StopServer(); }

  // Sends the tiny records from `first` on, one per message.
  absl::StatusOr<v1::Dataset> Append(size_t first, size_t end, bool finish) {
    grpc::ClientContext context;
    v1::Dataset dataset;
    const auto writer = stub_->AppendRecords(&context, &dataset);
    for (size_t i = first; i < end; ++i) {
      v1::AppendRecordsRequest request;
      if (i == first) request.set_id(id_);
      request.set_first_index(static_cast<int64_t>(i));
      request.add_records()->set_key(TinyRecords()[i].first);
      request.mutable_records(0)->set_value(TinyRecords()[i].second);
      request.set_finish(finish && i + 1 == end);
      if (request.finish()) request.set_sha256(TinyRecordsSha256());
      if (!writer->Write(request)) break;
    }
    writer->WritesDone();
    const absl::Status status = FromGrpcStatus(writer->Finish());
    if (!status.ok()) return status;
    return dataset;
  }

  DatasetService service_;
  std::unique_ptr<v1::DatasetService::Stub> stub_;
  std::string id_;
};

TEST_F(DatasetServiceTest, RecordsArriveInPiecesAndClose) {
  ASSERT_OK_AND_ASSIGN(v1::Dataset dataset, Append(0, 1, false));
  EXPECT_EQ(dataset.num_records(), 1);
  EXPECT_FALSE(dataset.complete());
  ASSERT_OK_AND_ASSIGN(dataset, Append(1, 2, true));
  EXPECT_EQ(dataset.num_records(), 2);
  EXPECT_TRUE(dataset.complete());
  // Once more: answered at once.
  ASSERT_OK_AND_ASSIGN(dataset, Append(0, 2, true));
  EXPECT_TRUE(dataset.complete());

  v1::GetDatasetRequest get;
  get.set_id(id_);
  grpc::ClientContext context;
  ASSERT_OK(FromGrpcStatus(stub_->GetDataset(&context, get, &dataset)));
  EXPECT_EQ(dataset.sha256(), TinyRecordsSha256());
  v1::ListDatasetsResponse list;
  grpc::ClientContext list_context;
  ASSERT_OK(FromGrpcStatus(
      stub_->ListDatasets(&list_context, v1::ListDatasetsRequest(), &list)));
  EXPECT_THAT(list.datasets(), SizeIs(1));
}

// Sends all tiny records, each value in parts of one byte.
TEST_F(DatasetServiceTest, ValuesMayComeInParts) {
  grpc::ClientContext context;
  v1::Dataset dataset;
  const auto writer = stub_->AppendRecords(&context, &dataset);
  const auto records = TinyRecords();
  for (size_t i = 0; i < records.size(); ++i) {
    const auto& [key, value] = records[i];
    for (size_t at = 0; at < value.size(); ++at) {
      v1::AppendRecordsRequest request;
      request.set_id(id_);
      request.set_first_index(static_cast<int64_t>(i));
      v1::DatasetRecord* part = request.add_records();
      if (at == 0) part->set_key(key);
      part->set_value(value.substr(at, 1));
      part->set_continued(at + 1 < value.size());
      ASSERT_TRUE(writer->Write(request));
    }
  }
  v1::AppendRecordsRequest last;
  last.set_first_index(static_cast<int64_t>(records.size()));
  last.set_finish(true);
  last.set_sha256(TinyRecordsSha256());
  writer->WriteLast(last, grpc::WriteOptions());
  ASSERT_OK(FromGrpcStatus(writer->Finish()));
  EXPECT_TRUE(dataset.complete());
  EXPECT_EQ(dataset.num_records(), static_cast<int64_t>(records.size()));
}

TEST_F(DatasetServiceTest, PartsMustMakeARecord) {
  for (const bool has_next : {true, false}) {
    grpc::ClientContext context;
    v1::Dataset dataset;
    const auto writer = stub_->AppendRecords(&context, &dataset);
    v1::AppendRecordsRequest request;
    request.set_id(id_);
    v1::DatasetRecord* part = request.add_records();
    part->set_key("a");
    part->set_value("1");
    part->set_continued(true);
    if (has_next) request.add_records()->set_key("b");
    request.set_finish(!has_next);
    request.set_sha256(TinyRecordsSha256());
    writer->Write(request);
    writer->WritesDone();
    EXPECT_THAT(FromGrpcStatus(writer->Finish()),
                HasReason(has_next ? "OPTION_CONFLICT" : "FIELD_REQUIRED"));
  }
}

TEST_F(DatasetServiceTest, GapsAndStrangeIdsAreRefused) {
  EXPECT_THAT(Append(1, 2, false), HasReason("OFFSET_OUT_OF_RANGE"));
  id_ = "../../x";
  EXPECT_THAT(Append(0, 1, false), HasReason("OPTION_OUT_OF_RANGE"));
}

}  // namespace
}  // namespace quantd::api
