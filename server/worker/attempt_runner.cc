#include "server/worker/attempt_runner.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <new>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "base/error.h"
#include "base/logging.h"
#include "base/status_macros.h"
#include "engine/jobs/job.h"
#include "proto/rpc/job_error.h"
#include "server/worker/attempt_monitor.h"
#include "server/worker/peak_memory.h"

namespace quantd::worker {
namespace {

constexpr int kExitLeaseLost = 3;
constexpr int kReportRetries = 2;
// Once the process is asked to end: what a job may still take to finish, and
// one that saves what it has to do so.
constexpr absl::Duration kFinishGrace = absl::Seconds(1);
constexpr absl::Duration kSaveGrace = absl::Seconds(6);
constexpr absl::Duration kReportRetryPause = absl::Milliseconds(200);
constexpr absl::Duration kCommitRetryTime = absl::Minutes(1);
constexpr absl::Duration kCommitRetryPause = absl::Seconds(1);

[[noreturn]] void ExitLeaseLost(const absl::Status& status) {
  LogError("lease lost, ending", {{"error", status}});
  _exit(kExitLeaseLost);
}

absl::Status OutOfMemory() {
  const std::string peak = absl::StrCat(PeakMemoryBytes());
  return Error(absl::StatusCode::kResourceExhausted, "WORKER_OUT_OF_MEMORY",
               absl::StrCat("the worker ran out of memory at ", peak,
                            " bytes; use a smaller batch_size, or a machine "
                            "with more memory"),
               {{"peak", peak}});
}

// RunJob, with a fence: what a library throws ends the attempt only.
absl::StatusOr<JobOutput> RunFenced(const v1::Attempt& attempt,
                                    const JobInputs& inputs,
                                    JobMonitor* monitor) {
  try {
    return RunJob(attempt.spec(), inputs, monitor);
  } catch (const std::bad_alloc&) {
    return OutOfMemory();
  } catch (const std::exception& exception) {
    return Error(absl::StatusCode::kInternal, "INTERNAL_ERROR",
                 absl::StrCat("a library threw: ", exception.what(),
                              "; please report this"),
                 {{"what", exception.what()}});
  }
}

absl::Status Upload(
    const std::vector<OutputFile>& files, WorkerClient* client,
    google::protobuf::RepeatedPtrField<v1::Artifact>* artifacts) {
  for (const OutputFile& file : files) {
    v1::Artifact* artifact = artifacts->Add();
    artifact->set_name(file.name);
    ASSIGN_OR_RETURN(*artifact->mutable_blob(),
                     client->WriteBlob(file.contents, file.name));
  }
  return absl::OkStatus();
}

absl::Status Save(const v1::Attempt& attempt,
                  const std::vector<OutputFile>& files, WorkerClient* client) {
  v1::SaveArtifactsRequest request;
  request.set_job_id(attempt.job_id());
  request.set_token(attempt.token());
  RETURN_IF_ERROR(Upload(files, client, request.mutable_artifacts()));
  return client->SaveArtifacts(request);
}

// The job and its uploads: fills `commit` with the result or the error.
void Work(const v1::Attempt& attempt, WorkerClient* client, JobMonitor* monitor,
          v1::CommitRequest* commit) {
  JobInputs inputs;
  inputs.read_blob = [client](const v1::BlobRef& ref) {
    return client->ReadBlob(ref);
  };
  inputs.dataset_paths.insert(attempt.dataset_paths().begin(),
                              attempt.dataset_paths().end());
  inputs.saved.assign(attempt.artifacts().begin(), attempt.artifacts().end());
  absl::StatusOr<JobOutput> output = RunFenced(attempt, inputs, monitor);
  absl::Status status = output.status();
  if (status.ok()) {
    *commit->mutable_result() = output->result;
    if (commit->result().device().empty()) {
      commit->mutable_result()->set_device("cpu");
    }
    commit->mutable_result()->set_peak_memory_bytes(PeakMemoryBytes());
    for (v1::LayerRecord& record : output->records) {
      *commit->add_records() = std::move(record);
    }
    status = Upload(output->files, client, commit->mutable_artifacts());
  }
  if (!status.ok()) *commit->mutable_error() = ToJobError(status);
}

// Whether quantd may take the same call later.
bool MayRetry(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsResourceExhausted(status) ||
         absl::IsDeadlineExceeded(status);
}

// One report; learns of a cancellation.
void Report(const v1::Attempt& attempt, WorkerClient* client,
            AttemptMonitor* monitor) {
  v1::ReportRequest report = monitor->Take();
  report.set_job_id(attempt.job_id());
  report.set_token(attempt.token());
  absl::StatusOr<v1::ReportResponse> response = client->Report(report);
  for (int i = 0; i < kReportRetries && MayRetry(response.status()); ++i) {
    absl::SleepFor(kReportRetryPause);
    response = client->Report(report);
  }
  if (!response.ok()) ExitLeaseLost(response.status());
  if (response->cancel()) monitor->Cancel();
}

}  // namespace

absl::Status RunAttempt(const v1::Attempt& attempt,
                        const std::atomic<bool>& stopping,
                        WorkerClient* client) {
  ResetPeakMemory();
  AttemptMonitor monitor(stopping, [&](const std::vector<OutputFile>& files) {
    return Save(attempt, files, client);
  });
  v1::CommitRequest commit;
  commit.set_job_id(attempt.job_id());
  commit.set_token(attempt.token());
  absl::Notification done;
  std::thread engine([&] {
    Work(attempt, client, &monitor, &commit);
    done.Notify();
  });
  absl::Time stop_time = absl::InfiniteFuture();
  do {
    Report(attempt, client, &monitor);
    if (stopping) stop_time = std::min(stop_time, absl::Now());
    const absl::Duration grace =
        monitor.saves_on_stop() ? kSaveGrace : kFinishGrace;
    if (absl::Now() - stop_time > grace) monitor.GiveUp();
  } while (!done.WaitForNotificationWithTimeout(kReportInterval));
  engine.join();
  Report(attempt, client, &monitor);
  if (monitor.gave_up() || commit.error().reason() == "WORKER_STOPPING") {
    return absl::OkStatus();
  }
  const absl::Time give_up = absl::Now() + kCommitRetryTime;
  absl::Status status = client->Commit(commit);
  while (!status.ok() && MayRetry(status) && absl::Now() < give_up) {
    absl::SleepFor(kCommitRetryPause);
    Report(attempt, client, &monitor);
    status = client->Commit(commit);
  }
  if (status.ok() || absl::IsAborted(status)) return status;
  // It will not take this result: say so instead.
  v1::CommitRequest failure;
  failure.set_job_id(attempt.job_id());
  failure.set_token(attempt.token());
  *failure.mutable_error() = ToJobError(status);
  return client->Commit(failure);
}

}  // namespace quantd::worker
