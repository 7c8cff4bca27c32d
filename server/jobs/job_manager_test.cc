#include "server/jobs/job_manager.h"

#include <signal.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/testing/fake_clock.h"
#include "base/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/testing/job_specs.h"

namespace quantd::jobs {
namespace {

using ::quantd::testing::FakeClock;
using ::quantd::testing::FreshDataDir;
using ::quantd::testing::HasReason;
using ::quantd::testing::StoreEvaluateSpec;
using ::testing::ElementsAre;

constexpr char kSlot[] = "cpu-0";

class JobManagerTest : public ::testing::Test {
 protected:
  JobManagerTest() : metrics_("test") { Open(); }

  // Opens the store and the manager, again if need be: a restart.
  void Open() {
    manager_.reset();
    store_.reset();
    storage::Store::Options options;
    options.data_dir = data_dir_;
    options.clock = &clock_;
    auto store = storage::Store::Open(options);
    ASSERT_OK(store);
    store_ = *std::move(store);
    JobManager::Options manager_options;
    manager_options.store = store_.get();
    manager_options.metrics = &metrics_;
    manager_options.clock = &clock_;
    manager_options.max_queued_jobs = 3;
    auto manager = JobManager::Start(manager_options);
    ASSERT_OK(manager);
    manager_ = *std::move(manager);
    manager_->SetKiller(
        [this](const std::string& slot) { killed_.push_back(slot); });
    manager_->AddSlot(kSlot, "cpu");
    StartWorker();
  }

  void StartWorker() { manager_->WorkerStarted(kSlot, ++pid_); }
  void LoseWorker(int signal = SIGKILL) {
    manager_->WorkerExited(kSlot, {pid_, signal, 0});
    StartWorker();
  }

  v1::Job Create() {
    auto spec = StoreEvaluateSpec(store_.get(), "model");
    EXPECT_OK(spec);
    auto job = manager_->Create(*spec, "");
    EXPECT_OK(job);
    return *job;
  }

  std::optional<v1::Attempt> Lease() {
    v1::LeaseRequest request;
    request.set_slot_id(kSlot);
    request.set_pid(pid_);
    auto attempt = manager_->TryLease(request);
    EXPECT_OK(attempt);
    return *attempt;
  }

  absl::StatusOr<v1::ReportResponse> Report(const v1::Attempt& attempt) {
    v1::ReportRequest request;
    request.set_job_id(attempt.job_id());
    request.set_token(attempt.token());
    request.mutable_progress()->set_phase("STATISTICS");
    return manager_->Report(request);
  }

  absl::Status Commit(const v1::Attempt& attempt) {
    v1::CommitRequest request;
    request.set_job_id(attempt.job_id());
    request.set_token(attempt.token());
    request.add_records()->set_layer("conv1");
    return manager_->Commit(request);
  }

  v1::Job Get(const std::string& id) {
    auto row = store_->jobs()->Get(id);
    EXPECT_OK(row);
    return row->job();
  }

  // The states that the job's events tell, in order.
  std::vector<v1::JobState> States(const std::string& id) {
    auto events = store_->jobs()->ReadEvents(id, 0, 1000);
    EXPECT_OK(events);
    std::vector<v1::JobState> states;
    for (const auto& event : *events) {
      if (event.has_state()) states.push_back(event.state());
    }
    return states;
  }

  const std::string data_dir_ = FreshDataDir();
  FakeClock clock_;
  Metrics metrics_;
  std::unique_ptr<storage::Store> store_;
  std::unique_ptr<JobManager> manager_;
  std::vector<std::string> killed_;
  pid_t pid_ = 100;
};

TEST_F(JobManagerTest, AJobGoesThroughItsStates) {
  const v1::Job job = Create();
  EXPECT_EQ(job.state(), v1::JOB_STATE_QUEUED);
  const auto attempt = Lease();
  ASSERT_TRUE(attempt.has_value());
  EXPECT_EQ(attempt->job_id(), job.id());
  EXPECT_EQ(attempt->number(), 1);
  EXPECT_EQ(attempt->dataset_paths().size(), 1u);
  ASSERT_OK(Report(*attempt));
  ASSERT_OK(Commit(*attempt));
  EXPECT_THAT(States(job.id()),
              ElementsAre(v1::JOB_STATE_QUEUED, v1::JOB_STATE_PREPARING,
                          v1::JOB_STATE_RUNNING, v1::JOB_STATE_SUCCEEDED));
  EXPECT_EQ(store_->jobs()->ListRecords(job.id())->size(), 1u);
  EXPECT_FALSE(Lease().has_value());
  EXPECT_EQ(metrics_.num_bugs(), 0);
}

TEST_F(JobManagerTest, ACommitWithoutAReportPassesThroughRunning) {
  const v1::Job job = Create();
  ASSERT_OK(Commit(*Lease()));
  EXPECT_EQ(States(job.id()).size(), 4u);
}

TEST_F(JobManagerTest, OldestFirst) {
  const v1::Job first = Create();
  const v1::Job second = Create();
  const auto attempt = Lease();
  EXPECT_EQ(attempt->job_id(), first.id());
  LoseWorker();
  EXPECT_EQ(Lease()->job_id(), first.id());
  LoseWorker();
  ASSERT_OK(manager_->Cancel(first.id()));
  EXPECT_EQ(Lease()->job_id(), second.id());
}

TEST_F(JobManagerTest, TheSameRequestIdGivesTheSameJob) {
  ASSERT_OK_AND_ASSIGN(const auto spec, StoreEvaluateSpec(store_.get(), "m"));
  ASSERT_OK_AND_ASSIGN(const auto first, manager_->Create(spec, "r-1"));
  ASSERT_OK_AND_ASSIGN(const auto second, manager_->Create(spec, "r-1"));
  EXPECT_EQ(first.id(), second.id());
  EXPECT_TRUE(Lease().has_value());
  EXPECT_FALSE(Lease().has_value() && Lease()->number() == 1);
  ASSERT_OK_AND_ASSIGN(const auto other, StoreEvaluateSpec(store_.get(), "n"));
  EXPECT_THAT(manager_->Create(other, "r-1"), HasReason("REQUEST_ID_REUSED"));
}

TEST_F(JobManagerTest, MissingReferencesAreRefused) {
  ASSERT_OK_AND_ASSIGN(auto spec, StoreEvaluateSpec(store_.get(), "m"));
  auto no_blob = spec;
  no_blob.mutable_evaluate()->mutable_model()->mutable_weights()->set_sha256(
      std::string(64, 'f'));
  EXPECT_THAT(manager_->Create(no_blob, ""), HasReason("BLOB_NOT_FOUND"));
  auto no_data = spec;
  no_data.mutable_evaluate()->set_dataset_id("ds-" + std::string(40, '0'));
  EXPECT_THAT(manager_->Create(no_data, ""), HasReason("DATASET_NOT_FOUND"));
  EXPECT_THAT(manager_->Create(v1::JobSpec(), ""), HasReason("FIELD_REQUIRED"));
}

TEST_F(JobManagerTest, AFullQueueRefuses) {
  for (int i = 0; i < 3; ++i) Create();
  ASSERT_OK_AND_ASSIGN(const auto spec, StoreEvaluateSpec(store_.get(), "m"));
  EXPECT_THAT(manager_->Create(spec, ""), HasReason("QUEUE_FULL"));
}

TEST_F(JobManagerTest, APoisonJobFailsAfterThreeAttempts) {
  const v1::Job job = Create();
  for (int attempt = 1; attempt <= 3; ++attempt) {
    const auto lease = Lease();
    ASSERT_TRUE(lease.has_value());
    EXPECT_EQ(lease->number(), attempt);
    ASSERT_OK(Report(*lease));
    LoseWorker(SIGSEGV);
  }
  const v1::Job failed = Get(job.id());
  EXPECT_EQ(failed.state(), v1::JOB_STATE_FAILED);
  EXPECT_EQ(failed.error().reason(), "WORKER_CRASHED");
  EXPECT_EQ(failed.error().metadata().at("signal"), "SIGSEGV");
  EXPECT_EQ(failed.error().metadata().at("phase"), "STATISTICS");
  EXPECT_EQ(failed.error().metadata().at("attempt"), "3");
  EXPECT_FALSE(Lease().has_value());
}

TEST_F(JobManagerTest, AStaleAttemptCannotReportOrCommit) {
  Create();
  const auto old = Lease();
  LoseWorker();
  const auto current = Lease();
  EXPECT_GT(current->token(), old->token());
  EXPECT_THAT(Report(*old), HasReason("STALE_ATTEMPT"));
  EXPECT_THAT(Commit(*old), HasReason("STALE_ATTEMPT"));
  ASSERT_OK(Commit(*current));
  EXPECT_THAT(Commit(*current), HasReason("STALE_ATTEMPT"));
}

TEST_F(JobManagerTest, OnlyTheRunningProcessOfASlotMayLease) {
  Create();
  v1::LeaseRequest request;
  request.set_slot_id(kSlot);
  request.set_pid(1);
  EXPECT_THAT(manager_->TryLease(request), HasReason("UNKNOWN_WORKER"));
  request.set_slot_id("gpu-7");
  EXPECT_THAT(manager_->TryLease(request), HasReason("UNKNOWN_WORKER"));
}

TEST_F(JobManagerTest, ARestartPutsJobsBackWithoutBlame) {
  const v1::Job job = Create();
  for (int restart = 0; restart < 5; ++restart) {
    const auto attempt = Lease();
    ASSERT_TRUE(attempt.has_value()) << restart;
    ASSERT_OK(Report(*attempt));
    Open();
    EXPECT_EQ(Get(job.id()).state(), v1::JOB_STATE_QUEUED);
    EXPECT_THAT(Commit(*attempt), HasReason("STALE_ATTEMPT"));
  }
  ASSERT_OK(Commit(*Lease()));
}

TEST_F(JobManagerTest, ARestartEndsACancellation) {
  const v1::Job job = Create();
  Lease();
  ASSERT_OK(manager_->Cancel(job.id()));
  Open();
  EXPECT_EQ(Get(job.id()).state(), v1::JOB_STATE_CANCELLED);
  EXPECT_EQ(Get(job.id()).error().reason(), "CANCELLED_BY_USER");
}

TEST_F(JobManagerTest, AWaitingJobIsCancelledAtOnce) {
  const v1::Job job = Create();
  ASSERT_OK_AND_ASSIGN(const auto cancelled, manager_->Cancel(job.id()));
  EXPECT_EQ(cancelled.state(), v1::JOB_STATE_CANCELLED);
  EXPECT_FALSE(Lease().has_value());
  ASSERT_OK_AND_ASSIGN(const auto again, manager_->Cancel(job.id()));
  EXPECT_EQ(again.last_sequence(), cancelled.last_sequence());
}

TEST_F(JobManagerTest, ARunningJobLearnsOfItsCancellation) {
  const v1::Job job = Create();
  const auto attempt = Lease();
  EXPECT_FALSE(Report(*attempt)->cancel());
  ASSERT_OK_AND_ASSIGN(const auto cancelling, manager_->Cancel(job.id()));
  EXPECT_EQ(cancelling.state(), v1::JOB_STATE_CANCELLING);
  EXPECT_TRUE(Report(*attempt)->cancel());
  // Even a result does not undo it.
  ASSERT_OK(Commit(*attempt));
  EXPECT_EQ(Get(job.id()).state(), v1::JOB_STATE_CANCELLED);
  EXPECT_FALSE(Get(job.id()).has_result());
}

TEST_F(JobManagerTest, AWorkerThatIgnoresCancellationIsKilled) {
  const v1::Job job = Create();
  const auto attempt = Lease();
  ASSERT_OK(manager_->Cancel(job.id()));
  EXPECT_TRUE(Report(*attempt)->cancel());
  clock_.Advance(absl::Milliseconds(1400));
  manager_->Tick();
  EXPECT_THAT(killed_, ElementsAre());
  clock_.Advance(absl::Milliseconds(200));
  manager_->Tick();
  manager_->Tick();
  EXPECT_THAT(killed_, ElementsAre(kSlot));
  LoseWorker();
  EXPECT_EQ(Get(job.id()).state(), v1::JOB_STATE_CANCELLED);
}

TEST_F(JobManagerTest, AMuteWorkerIsKilledWhenCancelled) {
  const v1::Job job = Create();
  Lease();
  ASSERT_OK(manager_->Cancel(job.id()));
  clock_.Advance(absl::Seconds(2));
  manager_->Tick();
  EXPECT_THAT(killed_, ElementsAre(kSlot));
}

TEST_F(JobManagerTest, ASilentWorkerIsKilledAndItsJobTriedAgain) {
  const v1::Job job = Create();
  const auto attempt = Lease();
  ASSERT_OK(Report(*attempt));
  clock_.Advance(absl::Seconds(29));
  manager_->Tick();
  EXPECT_THAT(killed_, ElementsAre());
  // A jump of the wall clock ends nothing.
  clock_.Jump(absl::Hours(24));
  manager_->Tick();
  EXPECT_THAT(killed_, ElementsAre());
  clock_.Advance(absl::Seconds(2));
  manager_->Tick();
  EXPECT_THAT(killed_, ElementsAre(kSlot));
  LoseWorker();
  EXPECT_EQ(Get(job.id()).state(), v1::JOB_STATE_QUEUED);
  EXPECT_EQ(Lease()->number(), 2);
}

TEST_F(JobManagerTest, AJobThatRunsTooLongFails) {
  const v1::Job job = Create();
  const auto attempt = Lease();
  clock_.Advance(absl::Hours(24) + absl::Seconds(1));
  ASSERT_OK(Report(*attempt));
  manager_->Tick();
  EXPECT_THAT(killed_, ElementsAre(kSlot));
  LoseWorker();
  EXPECT_EQ(Get(job.id()).error().reason(), "JOB_TIMEOUT");
}

TEST_F(JobManagerTest, AWorkersErrorFailsItsJobOnly) {
  const v1::Job job = Create();
  const auto attempt = Lease();
  v1::CommitRequest request;
  request.set_job_id(attempt->job_id());
  request.set_token(attempt->token());
  request.mutable_error()->set_code(3);
  request.mutable_error()->set_reason("PROTOTXT_PARSE");
  (*request.mutable_error()->mutable_metadata())["line"] = "7";
  ASSERT_OK(manager_->Commit(request));
  EXPECT_EQ(Get(job.id()).state(), v1::JOB_STATE_FAILED);
  EXPECT_EQ(Get(job.id()).error().reason(), "PROTOTXT_PARSE");
  EXPECT_EQ(Get(job.id()).error().metadata().at("line"), "7");
}

TEST_F(JobManagerTest, ArtifactsMustBeStoredAndPlain) {
  Create();
  const auto attempt = Lease();
  v1::CommitRequest request;
  request.set_job_id(attempt->job_id());
  request.set_token(attempt->token());
  auto* artifact = request.add_artifacts();
  artifact->set_name("../evil");
  EXPECT_THAT(manager_->Commit(request), HasReason("OPTION_OUT_OF_RANGE"));
  artifact->set_name("model.prototxt");
  artifact->mutable_blob()->set_sha256(std::string(64, 'e'));
  artifact->mutable_blob()->set_size_bytes(1);
  EXPECT_THAT(manager_->Commit(request), HasReason("BLOB_NOT_FOUND"));
  ASSERT_OK_AND_ASSIGN(*artifact->mutable_blob(),
                       store_->blobs()->Put("bytes", "model.prototxt"));
  EXPECT_OK(manager_->Commit(request));
}

TEST_F(JobManagerTest, DrainingRefusesAndPutsBackWithoutBlame) {
  const v1::Job job = Create();
  Lease();
  manager_->Drain();
  ASSERT_OK_AND_ASSIGN(const auto spec, StoreEvaluateSpec(store_.get(), "m"));
  EXPECT_THAT(manager_->Create(spec, ""), HasReason("SHUTTING_DOWN"));
  LoseWorker();
  EXPECT_EQ(Get(job.id()).state(), v1::JOB_STATE_QUEUED);
  EXPECT_EQ(store_->jobs()->Get(job.id())->num_lost_attempts(), 0);
  EXPECT_FALSE(Lease().has_value());
}

TEST_F(JobManagerTest, OnlyEndedJobsAreDeleted) {
  const v1::Job job = Create();
  EXPECT_THAT(manager_->Delete(job.id()), HasReason("JOB_NOT_TERMINAL"));
  ASSERT_OK(manager_->Cancel(job.id()));
  ASSERT_OK(manager_->Delete(job.id()));
  EXPECT_THAT(manager_->Delete(job.id()), HasReason("JOB_NOT_FOUND"));
}

TEST_F(JobManagerTest, LogsAndWarningsAreBounded) {
  const v1::Job job = Create();
  const auto attempt = Lease();
  v1::ReportRequest request;
  request.set_job_id(attempt->job_id());
  request.set_token(attempt->token());
  for (int i = 0; i < 300; ++i) request.add_warnings()->set_reason("R");
  request.add_log_lines(std::string(100000, 'x'));
  ASSERT_OK(manager_->Report(request));
  EXPECT_EQ(Get(job.id()).warnings_size(), 200);
  auto events = store_->jobs()->ReadEvents(job.id(), 0, 10);
  for (const auto& event : *events) EXPECT_LE(event.log().size(), 1000u);
}

TEST_F(JobManagerTest, ServerInfoShowsSlots) {
  const v1::Job job = Create();
  v1::ServerInfo idle;
  manager_->FillServerInfo(&idle);
  ASSERT_EQ(idle.slots_size(), 1);
  EXPECT_EQ(idle.slots(0).state(), v1::WorkerSlot::IDLE);
  EXPECT_EQ(idle.num_jobs_queued(), 1);
  Lease();
  v1::ServerInfo busy;
  manager_->FillServerInfo(&busy);
  EXPECT_EQ(busy.slots(0).state(), v1::WorkerSlot::BUSY);
  EXPECT_EQ(busy.slots(0).job_id(), job.id());
  EXPECT_EQ(busy.num_jobs_running(), 1);
  EXPECT_OK(manager_->CheckSlots());
}

}  // namespace
}  // namespace quantd::jobs
