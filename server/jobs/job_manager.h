// The one writer of job states: clients create and cancel, workers lease,
// report and commit, and what a lost worker leaves behind is put right here.
// Not here: which move is legal (job_state.h), who is next (job_queue.h),
// starting and killing processes (server/launcher), RPCs (server/api). Leases
// and what workers say are in job_attempts.cc, the rest in job_manager.cc.
#ifndef QUANTD_SERVER_JOBS_JOB_MANAGER_H_
#define QUANTD_SERVER_JOBS_JOB_MANAGER_H_

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "proto/quantd/v1/job.pb.h"
#include "proto/quantd/v1/server_service.pb.h"
#include "proto/quantd/v1/worker_service.pb.h"
#include "server/jobs/job_notifier.h"
#include "server/jobs/job_queue.h"
#include "server/jobs/lease.h"
#include "server/jobs/worker_exit.h"
#include "server/observability/metrics.h"
#include "storage/store.h"

namespace quantd::jobs {

// Jobs from creation to their end. The store is the truth; what is here (queue,
// leases, slots) is rebuilt from it by Start.
//
// An attempt is a lease of a job to the worker of a slot, under a fencing
// token that grows with every lease. It ends by Commit, or by being lost: the
// worker's process ended, was killed for silence, or quantd restarted. A lost
// attempt puts the job back at its old place in the queue, and fails it when
// `max_attempts` were lost by the worker's fault.
//
// Call order: Start, AddSlot for each slot; then the rest in any order, and
// Tick every 100 ms or so. At the end Drain, then stop the workers (their
// WorkerExited puts the jobs back).
//
// Threads: safe. Writes are serialized, and wait for the disk.
// Memory: an id per waiting job, some 300 bytes per running one.
class JobManager {
 public:
  struct Options {
    // Must outlive the manager, all of them.
    storage::Store* store = nullptr;
    Metrics* metrics = nullptr;
    Clock* clock = Clock::Real();
    // Lost attempts after which a job fails.
    int max_attempts = 3;
    // A worker that reports nothing for so long is killed.
    absl::Duration lease_timeout = absl::Seconds(30);
    // A worker that goes on for so long after it learnt of a cancellation, or
    // after the user asked for it, is killed.
    absl::Duration cancel_grace = absl::Milliseconds(1500);
    absl::Duration cancel_limit = absl::Milliseconds(1900);
    // Of one attempt.
    absl::Duration max_job_time = absl::Hours(24);
    int64_t max_queued_jobs = 1000;
  };

  // Opens the queue on the jobs of the store: interrupted ones are put back
  // (without blame), those being cancelled are CANCELLED. Errors of JobStore.
  static absl::StatusOr<std::unique_ptr<JobManager>> Start(
      const Options& options);

  // Kills the process of a slot, all of its group; called without locks.
  void SetKiller(std::function<void(const std::string& slot_id)> kill);

  // --- For clients.

  // Checks references and ranges, persists, queues. Idempotent by request id.
  // Errors: those of CheckSpec and JobStore::Create; FAILED_PRECONDITION with
  // BLOB_NOT_FOUND or DATASET_NOT_FOUND; RESOURCE_EXHAUSTED, QUEUE_FULL;
  // UNAVAILABLE, SHUTTING_DOWN.
  absl::StatusOr<v1::Job> Create(const v1::JobSpec& spec,
                                 const std::string& request_id);
  // Idempotent; a terminal job stays as it is. Errors of JobStore.
  absl::StatusOr<v1::Job> Cancel(const std::string& job_id);
  // FAILED_PRECONDITION, JOB_NOT_TERMINAL unless the job ended.
  absl::Status Delete(const std::string& job_id);

  // --- For slots and their processes.

  // device: "cpu" or "gpu:N".
  void AddSlot(const std::string& slot_id, const std::string& device);
  void WorkerStarted(const std::string& slot_id, pid_t pid);
  void WorkerExited(const std::string& slot_id, const WorkerExit& exit);

  // --- For workers; their messages are not trusted.

  // The next attempt for the worker's slot; none: nullopt, and JobNotifier's
  // kQueue tells when to ask again.
  // Errors: ABORTED, UNKNOWN_WORKER unless slot and pid are of a process that
  // runs.
  absl::StatusOr<std::optional<v1::Attempt>> TryLease(
      const v1::LeaseRequest& request);
  // Errors: ABORTED, STALE_ATTEMPT.
  absl::StatusOr<v1::ReportResponse> Report(const v1::ReportRequest& request);
  // Errors: ABORTED, STALE_ATTEMPT; those of CheckArtifacts() and JobStore.
  absl::Status SaveArtifacts(const v1::SaveArtifactsRequest& request);
  // Ends the attempt. Errors: ABORTED, STALE_ATTEMPT; FAILED_PRECONDITION,
  // BLOB_NOT_FOUND for an artifact whose bytes are not stored;
  // INVALID_ARGUMENT, OPTION_OUT_OF_RANGE; those of JobStore. After any but
  // STALE_ATTEMPT the attempt goes on.
  absl::Status Commit(const v1::CommitRequest& request);

  // --- Supervision.

  // Kills what is silent, late, or does not stop; retries what the disk
  // refused.
  void Tick();
  // From now on nothing is created or leased, and whoever waits is woken.
  void Drain();
  bool draining() const;

  // Slots, numbers and libraries, for GetServerInfo.
  void FillServerInfo(v1::ServerInfo* out) const;
  // OK if a slot has a process; UNAVAILABLE, NO_WORKER_SLOT.
  absl::Status CheckSlots() const;

  JobNotifier* notifier() { return &notifier_; }

 private:
  struct Slot {
    std::string device;
    pid_t pid = 0;
    int64_t restarts = 0;
    std::string job_id;  // Of its lease; empty: none.
  };

  explicit JobManager(const Options& options) : options_(options) {}

  absl::Status Recover();
  absl::Status CheckReferences(const v1::JobSpec& spec);
  absl::StatusOr<v1::Job> CancelLocked(const std::string& job_id)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<v1::Attempt> LeaseJob(const std::string& job_id,
                                       const std::string& slot_id)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Of the lease that `job_id` and `token` name: ABORTED, STALE_ATTEMPT.
  absl::StatusOr<Lease*> FindLease(const std::string& job_id, int64_t token)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status WriteReport(const v1::ReportRequest& request, Lease* lease)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Requeues, fails or cancels the job of a lost attempt. After a store error
  // the lease stays, marked lost, for the next Tick.
  void EndLostAttempt(const std::string& job_id)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void FailUnstartable(const std::string& job_id, const absl::Status& error)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void EraseLease(const std::string& job_id)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Enqueue(const storage::JobRow& row)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // UpdateIf, timed; an illegal transition is counted as a bug.
  absl::StatusOr<storage::JobRow> Update(
      const std::string& job_id, int64_t token,
      const std::function<absl::Status(storage::JobChange*)>& mutate);
  void CountEnd(const v1::Job& job);
  void UpdateGauges() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Why `lease` must be killed now; nullopt: it need not.
  std::optional<KillReason> DueForKill(const Lease& lease,
                                       absl::Duration now) const;

  const Options options_;
  JobNotifier notifier_;

  mutable absl::Mutex mutex_;
  std::function<void(const std::string&)> kill_ ABSL_GUARDED_BY(mutex_);
  bool draining_ ABSL_GUARDED_BY(mutex_) = false;
  JobQueue queue_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, Lease> leases_ ABSL_GUARDED_BY(mutex_);  // By job.
  std::map<std::string, Slot> slots_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, std::string> libraries_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace quantd::jobs

#endif  // QUANTD_SERVER_JOBS_JOB_MANAGER_H_
