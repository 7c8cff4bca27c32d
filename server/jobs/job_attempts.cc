// The worker's side of JobManager: what happens between a lease and the end of
// its attempt.
#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/logging.h"
#include "base/status_macros.h"
#include "server/jobs/commit_check.h"
#include "server/jobs/job_manager.h"
#include "server/jobs/job_spec.h"
#include "server/jobs/job_state.h"
#include "server/jobs/job_transition.h"

namespace quantd::jobs {
namespace {

using storage::JobChange;
using storage::JobRow;
using storage::JobStore;

constexpr int64_t kMaxLogLines = 10000;
constexpr int64_t kMaxWarnings = 200;
constexpr size_t kMaxLogLineBytes = 1000;
constexpr size_t kMaxTextBytes = 4000;

absl::Status StaleAttempt(const std::string& job_id) {
  return Error(absl::StatusCode::kAborted, "STALE_ATTEMPT",
               absl::StrCat("this attempt of job ", job_id,
                            " was given to another worker or has ended; stop"),
               {{"name", job_id}});
}

std::string Cut(const std::string& text, size_t max_bytes) {
  return text.size() <= max_bytes ? text : text.substr(0, max_bytes);
}

void AppendWarning(const v1::JobWarning& warning, absl::Time now,
                   JobChange* change) {
  v1::JobWarning bounded = warning;
  bounded.set_reason(Cut(warning.reason(), 63));
  bounded.set_message(Cut(warning.message(), kMaxTextBytes));
  *change->row.mutable_job()->add_warnings() = bounded;
  v1::JobEvent event;
  *event.mutable_time() = ToProto(now);
  *event.mutable_warning() = std::move(bounded);
  change->events.push_back(std::move(event));
}

void AppendProgress(const v1::JobProgress& progress, absl::Time now,
                    JobChange* change) {
  v1::JobProgress bounded = progress;
  bounded.set_phase(Cut(progress.phase(), 32));
  *change->row.mutable_job()->mutable_progress() = bounded;
  v1::JobEvent event;
  *event.mutable_time() = ToProto(now);
  *event.mutable_progress() = std::move(bounded);
  change->events.push_back(std::move(event));
}

}  // namespace

absl::StatusOr<std::optional<v1::Attempt>> JobManager::TryLease(
    const v1::LeaseRequest& request) {
  absl::MutexLock lock(&mutex_);
  const auto slot = slots_.find(request.slot_id());
  if (slot == slots_.end() || slot->second.pid == 0 ||
      slot->second.pid != request.pid()) {
    return Error(
        absl::StatusCode::kAborted, "UNKNOWN_WORKER",
        absl::StrCat("no running worker of slot \"", Cut(request.slot_id(), 64),
                     "\" has pid ", request.pid()),
        {{"slot", Cut(request.slot_id(), 64)}});
  }
  if (!slot->second.job_id.empty()) {
    // It forgot its attempt, or never got the answer.
    leases_.at(slot->second.job_id).lost = WorkerExit{slot->second.pid, 0, 0};
    EndLostAttempt(slot->second.job_id);
    if (!slot->second.job_id.empty()) return std::optional<v1::Attempt>();
  }
  if (libraries_.empty() && request.libraries_size() <= 32) {
    libraries_.insert(request.libraries().begin(), request.libraries().end());
  }
  while (!draining_) {
    const auto job_id = queue_.Pop(DeviceClass(slot->second.device));
    if (!job_id.has_value()) break;
    absl::StatusOr<v1::Attempt> attempt = LeaseJob(*job_id, request.slot_id());
    UpdateGauges();
    if (attempt.ok()) return std::optional<v1::Attempt>(*std::move(attempt));
    // Not queued any more, or failed for good: the next one.
    if (absl::IsNotFound(attempt.status()) ||
        absl::IsFailedPrecondition(attempt.status())) {
      continue;
    }
    // The store is in trouble. The job stays in line.
    const auto row = options_.store->jobs()->Get(*job_id);
    if (row.ok()) Enqueue(*row);
    return attempt.status();
  }
  return std::optional<v1::Attempt>();
}

absl::StatusOr<v1::Attempt> JobManager::LeaseJob(const std::string& job_id,
                                                 const std::string& slot_id) {
  ASSIGN_OR_RETURN(const JobRow before, options_.store->jobs()->Get(job_id));
  if (before.job().state() != v1::JOB_STATE_QUEUED) {
    return absl::FailedPreconditionError("not queued any more");
  }
  v1::Attempt attempt;
  for (const std::string& id : ListDatasets(before.job().spec())) {
    absl::StatusOr<std::string> path = options_.store->datasets()->Path(id);
    if (absl::IsNotFound(path.status())) {
      FailUnstartable(job_id, path.status());
      return absl::FailedPreconditionError("its data set is gone");
    }
    RETURN_IF_ERROR(path.status());
    (*attempt.mutable_dataset_paths())[id] = *path;
  }
  ASSIGN_OR_RETURN(const int64_t token, options_.store->jobs()->NextToken());
  ASSIGN_OR_RETURN(
      const JobRow row,
      Update(job_id, JobStore::kAnyToken, [&](JobChange* change) {
        v1::Job* job = change->row.mutable_job();
        job->set_attempt(job->attempt() + 1);
        *job->mutable_start_time() = ToProto(options_.clock->Now());
        change->row.set_lease_token(token);
        return Transition(v1::JOB_STATE_PREPARING, options_.clock->Now(),
                          absl::OkStatus(), change);
      }));
  Lease& lease = leases_[job_id];
  lease = Lease();
  lease.job_id = job_id;
  lease.slot_id = slot_id;
  lease.token = token;
  lease.attempt = row.job().attempt();
  lease.started = lease.last_heard = options_.clock->Monotonic();
  slots_[slot_id].job_id = job_id;
  if (lease.attempt == 1) {
    options_.metrics->ObserveJobQueue(
        JobKind(row.job().spec()),
        options_.clock->Now() - FromProto(row.job().create_time()));
  }
  LogInfo("job leased",
          {{"job_id", job_id}, {"attempt", lease.attempt}, {"slot", slot_id}});
  attempt.set_job_id(job_id);
  attempt.set_number(lease.attempt);
  attempt.set_token(token);
  *attempt.mutable_spec() = row.job().spec();
  *attempt.mutable_artifacts() = row.job().artifacts();
  return attempt;
}

void JobManager::FailUnstartable(const std::string& job_id,
                                 const absl::Status& error) {
  const auto row = Update(job_id, JobStore::kAnyToken, [&](JobChange* change) {
    return Transition(v1::JOB_STATE_FAILED, options_.clock->Now(), error,
                      change);
  });
  if (row.ok()) CountEnd(row->job());
}

absl::StatusOr<Lease*> JobManager::FindLease(const std::string& job_id,
                                             int64_t token) {
  const auto found = leases_.find(job_id);
  if (found == leases_.end() || found->second.token != token ||
      found->second.lost.has_value()) {
    return StaleAttempt(Cut(job_id, 64));
  }
  return &found->second;
}

absl::StatusOr<v1::ReportResponse> JobManager::Report(
    const v1::ReportRequest& request) {
  absl::MutexLock lock(&mutex_);
  ASSIGN_OR_RETURN(Lease * lease, FindLease(request.job_id(), request.token()));
  lease->last_heard = options_.clock->Monotonic();
  if (request.num_images() > 0) {
    options_.metrics->CountImages(request.num_images());
  }
  if (request.has_progress()) {
    lease->phase = Cut(request.progress().phase(), 32);
  }
  if (const absl::Status status = WriteReport(request, lease); !status.ok()) {
    // Progress is worth less than the job.
    LogWarning("report not stored",
               {{"job_id", request.job_id()}, {"error", status}});
  }
  v1::ReportResponse response;
  if (lease->cancel_requested.has_value()) {
    response.set_cancel(true);
    if (!lease->cancel_told.has_value()) {
      lease->cancel_told = options_.clock->Monotonic();
    }
  }
  return response;
}

absl::Status JobManager::WriteReport(const v1::ReportRequest& request,
                                     Lease* lease) {
  return Update(request.job_id(), request.token(),
                [&](JobChange* change) {
                  const absl::Time now = options_.clock->Now();
                  change->sync = false;
                  if (change->row.job().state() == v1::JOB_STATE_PREPARING) {
                    RETURN_IF_ERROR(Transition(v1::JOB_STATE_RUNNING, now,
                                               absl::OkStatus(), change));
                  }
                  for (const std::string& line : request.log_lines()) {
                    if (lease->num_log_lines++ >= kMaxLogLines) break;
                    AppendLog(Cut(line, kMaxLogLineBytes), now, change);
                  }
                  for (const v1::JobWarning& warning : request.warnings()) {
                    if (lease->num_warnings++ >= kMaxWarnings) break;
                    AppendWarning(warning, now, change);
                  }
                  if (request.has_progress()) {
                    AppendProgress(request.progress(), now, change);
                  }
                  return absl::OkStatus();
                })
      .status();
}

absl::Status JobManager::SaveArtifacts(
    const v1::SaveArtifactsRequest& request) {
  absl::MutexLock lock(&mutex_);
  ASSIGN_OR_RETURN(Lease * lease, FindLease(request.job_id(), request.token()));
  lease->last_heard = options_.clock->Monotonic();
  RETURN_IF_ERROR(CheckArtifacts(request.artifacts(), options_.store->blobs()));
  return Update(request.job_id(), request.token(),
                [&](JobChange* change) {
                  v1::Job* job = change->row.mutable_job();
                  MergeArtifacts(request.artifacts(), job);
                  for (const v1::Artifact& artifact : request.artifacts()) {
                    AppendLog(absl::StrCat("saved ", artifact.name()),
                              options_.clock->Now(), change);
                  }
                  return absl::OkStatus();
                })
      .status();
}

absl::Status JobManager::Commit(const v1::CommitRequest& request) {
  absl::MutexLock lock(&mutex_);
  ASSIGN_OR_RETURN(Lease * lease, FindLease(request.job_id(), request.token()));
  lease->last_heard = options_.clock->Monotonic();
  const bool cancelled = lease->cancel_requested.has_value();
  if (!cancelled && !request.has_error()) {
    RETURN_IF_ERROR(CheckCommit(request, options_.store->blobs()));
  }
  ASSIGN_OR_RETURN(
      const JobRow row,
      Update(request.job_id(), request.token(), [&](JobChange* change) {
        const absl::Time now = options_.clock->Now();
        if (change->row.job().state() == v1::JOB_STATE_PREPARING) {
          RETURN_IF_ERROR(
              Transition(v1::JOB_STATE_RUNNING, now, absl::OkStatus(), change));
        }
        for (const v1::JobWarning& warning : request.warnings()) {
          if (lease->num_warnings++ >= kMaxWarnings) break;
          AppendWarning(warning, now, change);
        }
        if (cancelled) {
          return Transition(v1::JOB_STATE_CANCELLED, now, CancelledByUser(),
                            change);
        }
        if (request.has_error()) {
          return Transition(v1::JOB_STATE_FAILED, now, WorkerError(request),
                            change);
        }
        v1::Job* job = change->row.mutable_job();
        *job->mutable_result() = request.result();
        MergeArtifacts(request.artifacts(), job);
        change->records.emplace(request.records().begin(),
                                request.records().end());
        return Transition(v1::JOB_STATE_SUCCEEDED, now, absl::OkStatus(),
                          change);
      }));
  EraseLease(request.job_id());
  CountEnd(row.job());
  UpdateGauges();
  return absl::OkStatus();
}

void JobManager::EndLostAttempt(const std::string& job_id) {
  const Lease lease = leases_.at(job_id);
  const bool blame = !draining_;
  const absl::Duration now = options_.clock->Monotonic();
  const absl::Duration length =
      now - (lease.kill_reason == KillReason::kTooLong ? lease.started
                                                       : lease.last_heard);
  const absl::Status error = LostAttemptError(lease, length);
  const auto row = Update(job_id, lease.token, [&](JobChange* change) {
    const absl::Time time = options_.clock->Now();
    if (change->row.job().state() == v1::JOB_STATE_CANCELLING) {
      return Transition(v1::JOB_STATE_CANCELLED, time, CancelledByUser(),
                        change);
    }
    const int lost = change->row.num_lost_attempts() + (blame ? 1 : 0);
    change->row.set_num_lost_attempts(lost);
    AppendLog(std::string(error.message()), time, change);
    if (blame && (lost >= options_.max_attempts ||
                  lease.kill_reason == KillReason::kTooLong)) {
      return Transition(v1::JOB_STATE_FAILED, time, error, change);
    }
    return Transition(v1::JOB_STATE_QUEUED, time, absl::OkStatus(), change);
  });
  if (!row.ok() && !absl::IsAborted(row.status()) &&
      !absl::IsNotFound(row.status())) {
    LogError("lost attempt not stored, trying again",
             {{"job_id", job_id}, {"error", row.status()}});
    return;
  }
  EraseLease(job_id);
  if (!row.ok()) return;
  LogWarning("attempt lost", {{"job_id", job_id},
                              {"attempt", lease.attempt},
                              {"error", error},
                              {"state", JobStateName(row->job().state())}});
  if (row->job().state() == v1::JOB_STATE_QUEUED) {
    options_.metrics->CountJobRetry(blame ? LostAttemptCause(lease)
                                          : "launcher");
    Enqueue(*row);
  } else {
    CountEnd(row->job());
  }
}

}  // namespace quantd::jobs
