#include "server/jobs/job_manager.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/logging.h"
#include "base/random_id.h"
#include "base/sha256.h"
#include "base/status_macros.h"
#include "server/jobs/job_spec.h"
#include "server/jobs/job_state.h"
#include "server/jobs/job_transition.h"

namespace quantd::jobs {
namespace {

using storage::JobChange;
using storage::JobRow;
using storage::JobStore;

absl::Status ShuttingDown() {
  return Error(absl::StatusCode::kUnavailable, "SHUTTING_DOWN",
               "the server is shutting down; try again when it is back");
}

// A spec has no maps: its serialization is deterministic.
std::string SpecDigest(const v1::JobSpec& spec) {
  return Sha256Hex(spec.SerializeAsString());
}

}  // namespace

absl::StatusOr<std::unique_ptr<JobManager>> JobManager::Start(
    const Options& options) {
  std::unique_ptr<JobManager> manager(new JobManager(options));
  RETURN_IF_ERROR(manager->Recover());
  return manager;
}

absl::Status JobManager::Recover() {
  ASSIGN_OR_RETURN(std::vector<JobRow> rows,
                   options_.store->jobs()->LoadActive());
  absl::MutexLock lock(&mutex_);
  for (JobRow& row : rows) {
    const v1::JobState state = row.job().state();
    const bool cancel =
        state == v1::JOB_STATE_CANCELLING || row.cancel_requested();
    if (state != v1::JOB_STATE_QUEUED || cancel) {
      ASSIGN_OR_RETURN(
          row,
          Update(row.job().id(), JobStore::kAnyToken, [&](JobChange* change) {
            const absl::Time now = options_.clock->Now();
            if (cancel) {
              return Transition(v1::JOB_STATE_CANCELLED, now, CancelledByUser(),
                                change);
            }
            AppendLog("interrupted by a restart of the server; trying again",
                      now, change);
            return Transition(v1::JOB_STATE_QUEUED, now, absl::OkStatus(),
                              change);
          }));
      LogInfo("interrupted job recovered",
              {{"job_id", row.job().id()},
               {"state", JobStateName(row.job().state())}});
    }
    if (row.job().state() == v1::JOB_STATE_QUEUED) Enqueue(row);
  }
  return absl::OkStatus();
}

void JobManager::SetKiller(std::function<void(const std::string&)> kill) {
  absl::MutexLock lock(&mutex_);
  kill_ = std::move(kill);
}

absl::Status JobManager::CheckReferences(const v1::JobSpec& spec) {
  for (const v1::BlobRef& ref : ListBlobs(spec)) {
    const absl::Status status = options_.store->blobs()->Check(ref);
    if (absl::IsNotFound(status)) {
      return Error(absl::StatusCode::kFailedPrecondition, "BLOB_NOT_FOUND",
                   absl::StrCat("the bytes of ", ref.file_name(), " (",
                                ref.sha256(), ") are not stored; upload them"),
                   {{"blob", ref.sha256()}, {"file", ref.file_name()}});
    }
    RETURN_IF_ERROR(status);
  }
  for (const std::string& id : ListDatasets(spec)) {
    const absl::Status status = options_.store->datasets()->Path(id).status();
    if (absl::IsNotFound(status) || absl::IsFailedPrecondition(status)) {
      return Error(absl::StatusCode::kFailedPrecondition, "DATASET_NOT_FOUND",
                   absl::StrCat("data set ", id,
                                " is not stored, or not complete; upload it"),
                   {{"dataset", id}});
    }
    RETURN_IF_ERROR(status);
  }
  return absl::OkStatus();
}

absl::StatusOr<v1::Job> JobManager::Create(const v1::JobSpec& spec,
                                           const std::string& request_id) {
  RETURN_IF_ERROR(CheckSpec(spec));
  RETURN_IF_ERROR(CheckReferences(spec));
  {
    absl::MutexLock lock(&mutex_);
    if (draining_) return ShuttingDown();
    if (queue_.size() >= options_.max_queued_jobs) {
      return Error(
          absl::StatusCode::kResourceExhausted, "QUEUE_FULL",
          absl::StrCat(queue_.size(), " jobs wait already; try again later"),
          {{"depth", absl::StrCat(queue_.size())}});
    }
  }
  const absl::Time now = options_.clock->Now();
  v1::Job job;
  job.set_id(RandomId("job"));
  *job.mutable_spec() = spec;
  job.set_state(v1::JOB_STATE_QUEUED);
  *job.mutable_create_time() = ToProto(now);
  const absl::Duration start = options_.clock->Monotonic();
  ASSIGN_OR_RETURN(
      const JobStore::CreateResult result,
      options_.store->jobs()->Create(job, request_id, SpecDigest(spec),
                                     {StateEvent(job.state(), now)}));
  options_.metrics->ObserveStoreWrite(options_.clock->Monotonic() - start);
  if (!result.created) return result.row.job();
  options_.metrics->CountJobSubmitted(JobKind(spec));
  LogInfo("job created",
          {{"job_id", result.row.job().id()}, {"kind", JobKind(spec)}});
  absl::MutexLock lock(&mutex_);
  Enqueue(result.row);
  return result.row.job();
}

absl::StatusOr<v1::Job> JobManager::Cancel(const std::string& job_id) {
  absl::MutexLock lock(&mutex_);
  ASSIGN_OR_RETURN(const JobRow row, options_.store->jobs()->Get(job_id));
  const v1::JobState state = row.job().state();
  if (IsTerminalState(state) || state == v1::JOB_STATE_CANCELLING) {
    return row.job();
  }
  return CancelLocked(job_id);
}

absl::StatusOr<v1::Job> JobManager::CancelLocked(const std::string& job_id) {
  ASSIGN_OR_RETURN(
      const JobRow row,
      Update(job_id, JobStore::kAnyToken, [&](JobChange* change) {
        change->row.set_cancel_requested(true);
        const bool waiting = change->row.job().state() == v1::JOB_STATE_QUEUED;
        return Transition(
            waiting ? v1::JOB_STATE_CANCELLED : v1::JOB_STATE_CANCELLING,
            options_.clock->Now(), CancelledByUser(), change);
      }));
  LogInfo("job cancelled by request", {{"job_id", job_id}});
  queue_.Remove(job_id);
  const auto lease = leases_.find(job_id);
  if (lease != leases_.end()) {
    lease->second.cancel_requested = options_.clock->Monotonic();
  }
  if (IsTerminalState(row.job().state())) CountEnd(row.job());
  UpdateGauges();
  return row.job();
}

absl::Status JobManager::Delete(const std::string& job_id) {
  ASSIGN_OR_RETURN(const JobRow row, options_.store->jobs()->Get(job_id));
  if (!IsTerminalState(row.job().state())) {
    return Error(
        absl::StatusCode::kFailedPrecondition, "JOB_NOT_TERMINAL",
        absl::StrCat("job ", job_id, " is ", JobStateName(row.job().state()),
                     "; cancel it and wait for its end first"),
        {{"name", job_id}, {"state", JobStateName(row.job().state())}});
  }
  RETURN_IF_ERROR(options_.store->jobs()->Delete(job_id));
  LogInfo("job deleted", {{"job_id", job_id}});
  notifier_.Notify(job_id);
  return absl::OkStatus();
}

void JobManager::AddSlot(const std::string& slot_id,
                         const std::string& device) {
  absl::MutexLock lock(&mutex_);
  slots_[slot_id].device = device;
  UpdateGauges();
}

void JobManager::WorkerStarted(const std::string& slot_id, pid_t pid) {
  absl::MutexLock lock(&mutex_);
  slots_[slot_id].pid = pid;
  UpdateGauges();
}

void JobManager::WorkerExited(const std::string& slot_id,
                              const WorkerExit& exit) {
  absl::MutexLock lock(&mutex_);
  Slot& slot = slots_[slot_id];
  if (slot.pid != exit.pid) return;
  slot.pid = 0;
  ++slot.restarts;
  const std::string job_id = slot.job_id;
  const auto lease = leases_.find(job_id);
  if (!draining_) {
    options_.metrics->CountWorkerRestart(
        lease == leases_.end() ? "crash" : LostAttemptCause(lease->second));
  }
  if (lease != leases_.end()) {
    lease->second.lost = exit;
    EndLostAttempt(job_id);
  }
  UpdateGauges();
}

void JobManager::EraseLease(const std::string& job_id) {
  const auto lease = leases_.find(job_id);
  if (lease == leases_.end()) return;
  slots_[lease->second.slot_id].job_id.clear();
  leases_.erase(lease);
}

void JobManager::Enqueue(const JobRow& row) {
  queue_.Push(JobDevice(row.job().spec()), row.create_sequence(),
              row.job().id());
  UpdateGauges();
  notifier_.Notify(JobNotifier::kQueue);
}

absl::StatusOr<JobRow> JobManager::Update(
    const std::string& job_id, int64_t token,
    const std::function<absl::Status(JobChange*)>& mutate) {
  const absl::Duration start = options_.clock->Monotonic();
  absl::StatusOr<JobRow> row =
      options_.store->jobs()->UpdateIf(job_id, token, mutate);
  options_.metrics->ObserveStoreWrite(options_.clock->Monotonic() - start);
  if (row.ok()) {
    notifier_.Notify(job_id);
  } else if (ErrorReason(row.status()) == "ILLEGAL_TRANSITION") {
    options_.metrics->Bug("job_transition", row.status().message());
  }
  return row;
}

void JobManager::CountEnd(const v1::Job& job) {
  const std::string state = JobStateName(job.state());
  const absl::Time begin =
      FromProto(job.has_start_time() ? job.start_time() : job.create_time());
  const absl::Duration duration = FromProto(job.end_time()) - begin;
  const std::string kind = JobKind(job.spec());
  options_.metrics->CountJobEnded(kind, state, JobAlgorithm(job.spec()),
                                  job.error().reason(), duration);
  for (const v1::PhaseTime& phase : job.result().phase_times()) {
    options_.metrics->ObservePhase(phase.phase(), phase.seconds());
  }
  if (job.result().peak_memory_bytes() > 0) {
    options_.metrics->ObservePeakMemory(kind, job.result().peak_memory_bytes());
  }
  for (const v1::Artifact& artifact : job.artifacts()) {
    options_.metrics->AddArtifactBytes(artifact.blob().size_bytes());
  }
  LogInfo("job ended", {{"job_id", job.id()},
                        {"attempt", job.attempt()},
                        {"state", state},
                        {"reason", job.error().reason()},
                        {"seconds", absl::ToDoubleSeconds(duration)}});
}

void JobManager::UpdateGauges() {
  std::map<std::string, std::map<std::string, int64_t>> counts;
  for (const auto& [id, slot] : slots_) {
    auto& count = counts[DeviceClass(slot.device)];
    count["idle"] += slot.pid != 0 && slot.job_id.empty();
    count["busy"] += slot.pid != 0 && !slot.job_id.empty();
    count["broken"] += slot.pid == 0;
  }
  for (const auto& [device, by_state] : counts) {
    options_.metrics->SetQueueDepth(device, queue_.Depth(device));
    for (const auto& [state, count] : by_state) {
      options_.metrics->SetWorkerSlots(device, state, count);
    }
  }
}

std::optional<KillReason> JobManager::DueForKill(const Lease& lease,
                                                 absl::Duration now) const {
  if (lease.kill_reason != KillReason::kNone || lease.lost.has_value()) {
    return std::nullopt;
  }
  if (lease.cancel_requested.has_value() &&
      now - *lease.cancel_requested > options_.cancel_limit) {
    return KillReason::kCancelled;
  }
  if (lease.cancel_told.has_value() &&
      now - *lease.cancel_told > options_.cancel_grace) {
    return KillReason::kCancelled;
  }
  if (now - lease.last_heard > options_.lease_timeout) {
    return KillReason::kSilent;
  }
  if (now - lease.started > options_.max_job_time) return KillReason::kTooLong;
  return std::nullopt;
}

void JobManager::Tick() {
  std::vector<std::string> doomed;
  std::function<void(const std::string&)> kill;
  {
    absl::MutexLock lock(&mutex_);
    kill = kill_;
    std::vector<std::string> lost;
    const absl::Duration now = options_.clock->Monotonic();
    for (auto& [job_id, lease] : leases_) {
      if (lease.lost.has_value()) lost.push_back(job_id);
      const auto reason = DueForKill(lease, now);
      if (!reason.has_value()) continue;
      lease.kill_reason = *reason;
      doomed.push_back(lease.slot_id);
      LogWarning("killing a worker", {{"job_id", job_id},
                                      {"slot", lease.slot_id},
                                      {"cause", LostAttemptCause(lease)}});
    }
    for (const std::string& job_id : lost) EndLostAttempt(job_id);
  }
  if (!kill) return;
  for (const std::string& slot_id : doomed) kill(slot_id);
}

void JobManager::Drain() {
  {
    absl::MutexLock lock(&mutex_);
    draining_ = true;
  }
  notifier_.NotifyAll();
}

bool JobManager::draining() const {
  absl::MutexLock lock(&mutex_);
  return draining_;
}

void JobManager::FillServerInfo(v1::ServerInfo* out) const {
  absl::MutexLock lock(&mutex_);
  for (const auto& [id, slot] : slots_) {
    v1::WorkerSlot* to = out->add_slots();
    to->set_device(slot.device);
    to->set_state(slot.pid == 0         ? v1::WorkerSlot::STARTING
                  : slot.job_id.empty() ? v1::WorkerSlot::IDLE
                                        : v1::WorkerSlot::BUSY);
    to->set_job_id(slot.job_id);
    to->set_pid(slot.pid);
    to->set_restarts(slot.restarts);
  }
  out->set_num_jobs_queued(queue_.size());
  out->set_num_jobs_running(static_cast<int64_t>(leases_.size()));
  for (const auto& [name, version] : libraries_) {
    (*out->mutable_libraries())[name] = version;
  }
}

absl::Status JobManager::CheckSlots() const {
  absl::MutexLock lock(&mutex_);
  for (const auto& [id, slot] : slots_) {
    if (slot.pid != 0) return absl::OkStatus();
  }
  return Error(absl::StatusCode::kUnavailable, "NO_WORKER_SLOT",
               "no worker process runs; see quantd's log");
}

}  // namespace quantd::jobs
