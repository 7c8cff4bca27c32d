#include "server/api/job_service.h"

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/time/clock.h"
#include "base/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "proto/rpc/grpc_status.h"
#include "server/testing/api_fixture.h"
#include "server/testing/job_specs.h"

namespace quantd::api {
namespace {

using ::quantd::testing::HasReason;
using ::quantd::testing::StoreEvaluateSpec;
using ::testing::ElementsAre;
using ::testing::SizeIs;

class JobServiceTest : public ::quantd::testing::ApiFixture {
 protected:
  JobServiceTest() : service_(context()) {
    Serve({&service_});
    stub_ = v1::JobService::NewStub(channel());
  }
  ~JobServiceTest() override { StopServer(); }

  v1::Job Create() {
    v1::CreateJobRequest request;
    auto spec = StoreEvaluateSpec(store(), "model");
    EXPECT_OK(spec);
    *request.mutable_spec() = *spec;
    grpc::ClientContext context;
    v1::Job job;
    EXPECT_OK(FromGrpcStatus(stub_->CreateJob(&context, request, &job)));
    return job;
  }

  absl::StatusOr<v1::Job> Get(const std::string& id) {
    v1::GetJobRequest request;
    request.set_id(id);
    grpc::ClientContext context;
    v1::Job job;
    const auto status = FromGrpcStatus(stub_->GetJob(&context, request, &job));
    if (!status.ok()) return status;
    return job;
  }

  absl::StatusOr<v1::Job> Wait(const std::string& id, double seconds) {
    v1::WaitJobRequest request;
    request.set_id(id);
    request.set_timeout_seconds(seconds);
    grpc::ClientContext context;
    v1::Job job;
    const auto status = FromGrpcStatus(stub_->WaitJob(&context, request, &job));
    if (!status.ok()) return status;
    return job;
  }

  void Report(const v1::Attempt& attempt) {
    v1::ReportRequest request;
    request.set_job_id(attempt.job_id());
    request.set_token(attempt.token());
    request.add_log_lines("a line");
    EXPECT_OK(manager()->Report(request));
  }

  void Commit(const v1::Attempt& attempt) {
    v1::CommitRequest request;
    request.set_job_id(attempt.job_id());
    request.set_token(attempt.token());
    request.add_records()->set_layer("conv1");
    EXPECT_OK(manager()->Commit(request));
  }

  // Events of a watch to its end.
  std::vector<v1::JobEvent> Watch(const std::string& id, int64_t after,
                                  absl::Status* status) {
    v1::WatchJobRequest request;
    request.set_id(id);
    request.set_after_sequence(after);
    grpc::ClientContext context;
    const auto reader = stub_->WatchJob(&context, request);
    std::vector<v1::JobEvent> events;
    for (v1::JobEvent event; reader->Read(&event);) events.push_back(event);
    *status = FromGrpcStatus(reader->Finish());
    return events;
  }

  JobService service_;
  std::unique_ptr<v1::JobService::Stub> stub_;
};

TEST_F(JobServiceTest, CreatedJobsAreFound) {
  const v1::Job job = Create();
  ASSERT_OK_AND_ASSIGN(const v1::Job found, Get(job.id()));
  EXPECT_EQ(found.SerializeAsString(), job.SerializeAsString());
  EXPECT_THAT(Get("job-none"), HasReason("JOB_NOT_FOUND"));
}

TEST_F(JobServiceTest, ListPagesNewestFirst) {
  const v1::Job first = Create();
  const v1::Job second = Create();
  v1::ListJobsRequest request;
  request.set_page_size(1);
  v1::ListJobsResponse page;
  {
    grpc::ClientContext context;
    ASSERT_OK(FromGrpcStatus(stub_->ListJobs(&context, request, &page)));
  }
  ASSERT_THAT(page.jobs(), SizeIs(1));
  EXPECT_EQ(page.jobs(0).id(), second.id());
  request.set_page_token(page.next_page_token());
  {
    grpc::ClientContext context;
    ASSERT_OK(FromGrpcStatus(stub_->ListJobs(&context, request, &page)));
  }
  EXPECT_EQ(page.jobs(0).id(), first.id());
}

TEST_F(JobServiceTest, WaitReturnsAtItsTimeout) {
  const v1::Job job = Create();
  const absl::Time start = absl::Now();
  ASSERT_OK_AND_ASSIGN(const v1::Job waited, Wait(job.id(), 0.1));
  EXPECT_EQ(waited.state(), v1::JOB_STATE_QUEUED);
  EXPECT_GE(absl::Now() - start, absl::Milliseconds(90));
  EXPECT_THAT(Wait(job.id(), -1), HasReason("OPTION_OUT_OF_RANGE"));
  EXPECT_THAT(Wait("job-none", 1), HasReason("JOB_NOT_FOUND"));
}

TEST_F(JobServiceTest, WaitReturnsWhenTheJobEnds) {
  const v1::Job job = Create();
  std::thread worker([this] {
    absl::SleepFor(absl::Milliseconds(50));
    Commit(Lease());
  });
  ASSERT_OK_AND_ASSIGN(const v1::Job waited, Wait(job.id(), 60));
  worker.join();
  EXPECT_EQ(waited.state(), v1::JOB_STATE_SUCCEEDED);
}

TEST_F(JobServiceTest, AWatchTellsTheWholeStoryAndEnds) {
  const v1::Job job = Create();
  std::thread worker([this] {
    absl::SleepFor(absl::Milliseconds(50));
    const v1::Attempt attempt = Lease();
    for (int i = 0; i < 300; ++i) Report(attempt);
    Commit(attempt);
  });
  absl::Status status;
  const auto events = Watch(job.id(), 0, &status);
  worker.join();
  EXPECT_OK(status);
  // QUEUED, PREPARING, RUNNING, 300 lines, SUCCEEDED.
  ASSERT_THAT(events, SizeIs(304));
  for (size_t i = 0; i < events.size(); ++i) {
    EXPECT_EQ(events[i].sequence(), static_cast<int64_t>(i + 1));
  }
  EXPECT_EQ(events.back().state(), v1::JOB_STATE_SUCCEEDED);
  // Resumed near the end, and after it.
  EXPECT_THAT(Watch(job.id(), 302, &status), SizeIs(2));
  EXPECT_OK(status);
  EXPECT_THAT(Watch(job.id(), 304, &status), SizeIs(0));
  EXPECT_OK(status);
}

TEST_F(JobServiceTest, AWatchOfNothingIsNotFound) {
  absl::Status status;
  Watch("job-none", 0, &status);
  EXPECT_THAT(status, HasReason("JOB_NOT_FOUND"));
}

TEST_F(JobServiceTest, AClientThatLeavesAWatchIsForgotten) {
  const v1::Job job = Create();
  {
    v1::WatchJobRequest request;
    request.set_id(job.id());
    grpc::ClientContext context;
    const auto reader = stub_->WatchJob(&context, request);
    v1::JobEvent event;
    ASSERT_TRUE(reader->Read(&event));
    EXPECT_EQ(manager()->notifier()->num_subscriptions(), 1);
    context.TryCancel();
    reader->Finish();
  }
  for (int i = 0; i < 500 && manager()->notifier()->num_subscriptions() > 0;
       ++i) {
    absl::SleepFor(absl::Milliseconds(10));
  }
  EXPECT_EQ(manager()->notifier()->num_subscriptions(), 0);
}

TEST_F(JobServiceTest, CancelDeleteAndRecords) {
  const v1::Job job = Create();
  Commit(Lease());
  v1::ListRecordsRequest list;
  list.set_job_id(job.id());
  v1::ListRecordsResponse records;
  {
    grpc::ClientContext context;
    ASSERT_OK(FromGrpcStatus(stub_->ListRecords(&context, list, &records)));
  }
  ASSERT_THAT(records.records(), SizeIs(1));
  EXPECT_EQ(records.records(0).layer(), "conv1");

  const v1::Job waiting = Create();
  v1::DeleteJobRequest erase;
  erase.set_id(waiting.id());
  v1::DeleteJobResponse erased;
  {
    grpc::ClientContext context;
    EXPECT_THAT(FromGrpcStatus(stub_->DeleteJob(&context, erase, &erased)),
                HasReason("JOB_NOT_TERMINAL"));
  }
  v1::CancelJobRequest cancel;
  cancel.set_id(waiting.id());
  v1::Job cancelled;
  {
    grpc::ClientContext context;
    ASSERT_OK(FromGrpcStatus(stub_->CancelJob(&context, cancel, &cancelled)));
  }
  EXPECT_EQ(cancelled.state(), v1::JOB_STATE_CANCELLED);
  {
    grpc::ClientContext context;
    EXPECT_OK(FromGrpcStatus(stub_->DeleteJob(&context, erase, &erased)));
  }
  EXPECT_THAT(Get(waiting.id()), HasReason("JOB_NOT_FOUND"));
}

TEST_F(JobServiceTest, DrainingEndsWaitsAndWatches) {
  const v1::Job job = Create();
  std::thread drain([this] {
    absl::SleepFor(absl::Milliseconds(50));
    manager()->Drain();
  });
  absl::Status status;
  Watch(job.id(), 0, &status);
  EXPECT_THAT(status, HasReason("SHUTTING_DOWN"));
  EXPECT_OK(Wait(job.id(), 60));
  drain.join();
}

}  // namespace
}  // namespace quantd::api
