// A running attempt, as quantd remembers it.
#ifndef QUANTD_SERVER_JOBS_LEASE_H_
#define QUANTD_SERVER_JOBS_LEASE_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/jobs/worker_exit.h"

namespace quantd::jobs {

// Why quantd killed the worker of an attempt.
enum class KillReason { kNone, kSilent, kCancelled, kTooLong };

// Times are of Clock::Monotonic.
struct Lease {
  std::string job_id;
  std::string slot_id;
  int64_t token = 0;
  int attempt = 0;
  absl::Duration started;
  absl::Duration last_heard;
  // When the user asked to cancel, and when the worker learnt of it.
  std::optional<absl::Duration> cancel_requested;
  std::optional<absl::Duration> cancel_told;
  KillReason kill_reason = KillReason::kNone;
  // The last one reported.
  std::string phase;
  // Taken into the store, to bound them.
  int64_t num_log_lines = 0;
  int64_t num_warnings = 0;
  // The worker's process ended, and the store does not know yet.
  std::optional<WorkerExit> lost;
};

// What a job ends with whose attempt was lost, and may not be tried again.
// silence: how long nothing was heard.
absl::Status LostAttemptError(const Lease& lease, absl::Duration silence);

// "crash", "timeout", "cancel": why the worker of `lease` ended, for metrics.
std::string LostAttemptCause(const Lease& lease);

}  // namespace quantd::jobs

#endif  // QUANTD_SERVER_JOBS_LEASE_H_
