// The real quantd with workers that run a fake engine: crashes, cancellation,
// restarts.

#include <signal.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "base/sha256.h"
#include "base/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "grpcpp/grpcpp.h"
#include "gtest/gtest.h"
#include "proto/quantd/v1/blob_service.grpc.pb.h"
#include "proto/quantd/v1/dataset_service.grpc.pb.h"
#include "proto/quantd/v1/job_service.grpc.pb.h"
#include "proto/quantd/v1/server_service.grpc.pb.h"
#include "proto/rpc/grpc_status.h"
#include "server/testing/job_specs.h"
#include "tests/testing/subprocess.h"

namespace quantd {
namespace {

using ::quantd::testing::ChildrenOf;
using ::quantd::testing::FreshDirectory;
using ::quantd::testing::ReadFile;
using ::quantd::testing::Runfile;
using ::quantd::testing::Subprocess;
using ::quantd::testing::TinyRecords;
using ::quantd::testing::TinyRecordsSha256;
using ::testing::HasSubstr;

class QuantdTest : public ::testing::Test {
 protected:
  QuantdTest() : directory_(FreshDirectory("quantd")) { StartQuantd(); }

  std::vector<std::string> Command() const {
    return {Runfile("server/quantd"),
            "--data_dir=" + directory_ + "/data",
            "--listen=127.0.0.1:0",
            "--http_listen=127.0.0.1:0",
            "--port_file=" + directory_ + "/port",
            "--worker_binary=" + Runfile("server/worker/quant_worker_fake")};
  }

  void StartQuantd() {
    unlink((directory_ + "/port").c_str());
    quantd_ = std::make_unique<Subprocess>(Command());
    int port = 0;
    for (int i = 0; i < 1000 && port == 0; ++i) {
      absl::SleepFor(absl::Milliseconds(10));
      std::string text = ReadFile(directory_ + "/port");
      absl::StripTrailingAsciiWhitespace(&text);
      (void)absl::SimpleAtoi(text, &port);
    }
    ASSERT_GT(port, 0) << quantd_->err();
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    const auto channel = grpc::CreateCustomChannel(
        absl::StrCat("127.0.0.1:", port), grpc::InsecureChannelCredentials(),
        arguments);
    jobs_ = v1::JobService::NewStub(channel);
    blobs_ = v1::BlobService::NewStub(channel);
    datasets_ = v1::DatasetService::NewStub(channel);
    server_ = v1::ServerService::NewStub(channel);
  }

  v1::BlobRef Upload(const std::string& bytes, const std::string& name) {
    v1::WriteBlobRequest request;
    request.mutable_blob()->set_sha256(Sha256Hex(bytes));
    request.mutable_blob()->set_size_bytes(bytes.size());
    request.mutable_blob()->set_file_name(name);
    request.set_upload_id("u-" + name);
    request.set_data(bytes);
    request.set_finish_write(true);
    grpc::ClientContext context;
    v1::WriteBlobResponse response;
    const auto writer = blobs_->WriteBlob(&context, &response);
    writer->Write(request);
    writer->WritesDone();
    EXPECT_OK(FromGrpcStatus(writer->Finish()));
    return request.blob();
  }

  std::string UploadDataset() {
    v1::AppendRecordsRequest request;
    request.set_id("ds-" + TinyRecordsSha256().substr(0, 40));
    for (const auto& [key, value] : TinyRecords()) {
      auto* record = request.add_records();
      record->set_key(key);
      record->set_value(value);
    }
    request.set_finish(true);
    request.set_sha256(TinyRecordsSha256());
    grpc::ClientContext context;
    v1::Dataset dataset;
    const auto writer = datasets_->AppendRecords(&context, &dataset);
    writer->Write(request);
    writer->WritesDone();
    EXPECT_OK(FromGrpcStatus(writer->Finish()));
    return dataset.id();
  }

  // A job whose engine does `what` (see fake_engine.cc).
  std::string Create(const std::string& what) {
    v1::CreateJobRequest request;
    auto* evaluate = request.mutable_spec()->mutable_evaluate();
    *evaluate->mutable_model()->mutable_prototxt() = Upload("net", what);
    *evaluate->mutable_model()->mutable_weights() = Upload("weights", "w");
    evaluate->set_dataset_id(UploadDataset());
    grpc::ClientContext context;
    v1::Job job;
    EXPECT_OK(FromGrpcStatus(jobs_->CreateJob(&context, request, &job)));
    return job.id();
  }

  v1::Job Get(const std::string& id) {
    v1::GetJobRequest request;
    request.set_id(id);
    grpc::ClientContext context;
    v1::Job job;
    EXPECT_OK(FromGrpcStatus(jobs_->GetJob(&context, request, &job)));
    return job;
  }

  // The job when it has ended; as it is after 60 s otherwise.
  v1::Job Wait(const std::string& id) {
    v1::WaitJobRequest request;
    request.set_id(id);
    request.set_timeout_seconds(60);
    grpc::ClientContext context;
    v1::Job job;
    EXPECT_OK(FromGrpcStatus(jobs_->WaitJob(&context, request, &job)));
    return job;
  }

  // Until the job's engine has reported progress.
  void AwaitProgress(const std::string& id) {
    for (int i = 0; i < 1000; ++i) {
      const v1::Job job = Get(id);
      if (job.state() == v1::JOB_STATE_RUNNING && job.has_progress()) return;
      absl::SleepFor(absl::Milliseconds(10));
    }
    ADD_FAILURE() << "no progress: " << Get(id).DebugString();
  }

  v1::Job Cancel(const std::string& id) {
    v1::CancelJobRequest request;
    request.set_id(id);
    grpc::ClientContext context;
    v1::Job job;
    EXPECT_OK(FromGrpcStatus(jobs_->CancelJob(&context, request, &job)));
    return job;
  }

  pid_t WorkerPid() {
    grpc::ClientContext context;
    v1::ServerInfo reply;
    EXPECT_TRUE(
        server_->GetServerInfo(&context, v1::GetServerInfoRequest(), &reply)
            .ok());
    return reply.slots_size() == 0 ? 0 : reply.slots(0).pid();
  }

  const std::string directory_;
  std::unique_ptr<Subprocess> quantd_;
  std::unique_ptr<v1::JobService::Stub> jobs_;
  std::unique_ptr<v1::BlobService::Stub> blobs_;
  std::unique_ptr<v1::DatasetService::Stub> datasets_;
  std::unique_ptr<v1::ServerService::Stub> server_;
};

TEST_F(QuantdTest, AJobIsRunAndWatched) {
  const std::string id = Create("ok");
  v1::WatchJobRequest request;
  request.set_id(id);
  grpc::ClientContext context;
  const auto reader = jobs_->WatchJob(&context, request);
  v1::JobEvent last;
  int num_logs = 0;
  for (v1::JobEvent event; reader->Read(&event); last = event) {
    num_logs += !event.log().empty();
  }
  EXPECT_OK(FromGrpcStatus(reader->Finish()));
  EXPECT_EQ(last.state(), v1::JOB_STATE_SUCCEEDED);
  EXPECT_EQ(num_logs, 1);
  const v1::Job job = Get(id);
  EXPECT_EQ(job.attempt(), 1);
  EXPECT_EQ(job.warnings_size(), 1);
  ASSERT_EQ(job.artifacts_size(), 1);
  EXPECT_EQ(job.artifacts(0).name(), "result.txt");
  EXPECT_EQ(job.artifacts(0).blob().sha256(), Sha256Hex("result of net"));
  EXPECT_EQ(job.result().device(), "cpu");
  EXPECT_GT(job.result().peak_memory_bytes(), 1 << 20);
}

TEST_F(QuantdTest, AWorkersErrorIsTheJobs) {
  const v1::Job job = Wait(Create("error"));
  EXPECT_EQ(job.state(), v1::JOB_STATE_FAILED);
  EXPECT_EQ(job.error().reason(), "PROTOTXT_PARSE");
  EXPECT_EQ(job.error().metadata().at("line"), "1");
  EXPECT_EQ(job.attempt(), 1);
}

TEST_F(QuantdTest, OutOfMemoryIsNotTriedAgain) {
  const v1::Job job = Wait(Create("throw"));
  EXPECT_EQ(job.error().reason(), "WORKER_OUT_OF_MEMORY");
  EXPECT_EQ(job.attempt(), 1);
}

TEST_F(QuantdTest, CancellationTakesLessThanTwoSeconds) {
  for (const char* what : {"sleep", "deaf"}) {
    const std::string id = Create(what);
    AwaitProgress(id);
    const absl::Time start = absl::Now();
    EXPECT_EQ(Cancel(id).state(), v1::JOB_STATE_CANCELLING) << what;
    const v1::Job job = Wait(id);
    EXPECT_EQ(job.state(), v1::JOB_STATE_CANCELLED) << what;
    EXPECT_EQ(job.error().reason(), "CANCELLED_BY_USER") << what;
    EXPECT_LT(absl::Now() - start, absl::Milliseconds(2300)) << what;
  }
  // The slot lives on.
  EXPECT_EQ(Wait(Create("ok")).state(), v1::JOB_STATE_SUCCEEDED);
}

TEST_F(QuantdTest, AKilledWorkersJobIsDoneOnTheSecondAttempt) {
  const std::string id = Create("slow");
  AwaitProgress(id);
  const pid_t pid = WorkerPid();
  ASSERT_GT(pid, 0);
  kill(pid, SIGKILL);
  const v1::Job job = Wait(id);
  EXPECT_EQ(job.state(), v1::JOB_STATE_SUCCEEDED);
  EXPECT_EQ(job.attempt(), 2);
}

TEST_F(QuantdTest, PoisonFailsAfterThreeAttemptsAndTheNextJobRuns) {
  const v1::Job crash = Wait(Create("crash"));
  EXPECT_EQ(crash.state(), v1::JOB_STATE_FAILED);
  EXPECT_EQ(crash.attempt(), 3);
  EXPECT_EQ(crash.error().reason(), "WORKER_CRASHED");
  EXPECT_EQ(crash.error().metadata().at("signal"), "SIGABRT");
  const v1::Job exit = Wait(Create("exit0"));
  EXPECT_EQ(exit.error().reason(), "WORKER_CRASHED");
  EXPECT_EQ(exit.error().metadata().at("exitCode"), "0");
  EXPECT_EQ(Wait(Create("ok")).state(), v1::JOB_STATE_SUCCEEDED);
}

TEST_F(QuantdTest, AKilledQuantdLosesNothing) {
  const std::string running = Create("slow");
  const std::string waiting = Create("ok");
  AwaitProgress(running);
  const pid_t worker = WorkerPid();
  quantd_->Signal(SIGKILL);
  quantd_->Wait(absl::Seconds(10));
  for (int i = 0; i < 500 && kill(worker, 0) == 0; ++i) {
    absl::SleepFor(absl::Milliseconds(10));
  }
  EXPECT_NE(kill(worker, 0), 0) << "the worker outlives quantd";
  StartQuantd();
  EXPECT_EQ(Wait(running).state(), v1::JOB_STATE_SUCCEEDED);
  EXPECT_EQ(Get(running).attempt(), 2);
  EXPECT_EQ(Wait(waiting).state(), v1::JOB_STATE_SUCCEEDED);
}

TEST_F(QuantdTest, TerminationPutsTheRunningJobBackAndExitsCleanly) {
  const std::string id = Create("sleep");
  AwaitProgress(id);
  const absl::Time start = absl::Now();
  quantd_->Signal(SIGTERM);
  EXPECT_EQ(quantd_->Wait(absl::Seconds(30)), 0) << quantd_->err();
  EXPECT_LT(absl::Now() - start, absl::Seconds(10));
  EXPECT_THAT(quantd_->err(), HasSubstr("stopped"));
  StartQuantd();
  AwaitProgress(id);
  EXPECT_EQ(Get(id).attempt(), 2);
  Cancel(id);
}

TEST_F(QuantdTest, ASecondQuantdOnTheSameDirectoryRefuses) {
  const auto second = testing::RunProgram(Command(), absl::Seconds(20));
  EXPECT_EQ(second.status, 1);
  EXPECT_THAT(second.err, HasSubstr("STORE_LOCKED"));
  EXPECT_EQ(Wait(Create("ok")).state(), v1::JOB_STATE_SUCCEEDED);
}

TEST_F(QuantdTest, BadFlagsAreRefusedWithStatusTwo) {
  const auto bad =
      testing::RunProgram({Runfile("server/quantd"), "--cpu_slots=x"});
  EXPECT_EQ(bad.status, 2);
  EXPECT_THAT(bad.err, HasSubstr("--cpu_slots"));
  const auto help = testing::RunProgram({Runfile("server/quantd"), "--help"});
  EXPECT_EQ(help.status, 0);
  EXPECT_THAT(help.out, HasSubstr("--data_dir"));
}

}  // namespace
}  // namespace quantd
