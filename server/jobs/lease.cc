#include "server/jobs/lease.h"

#include <cstring>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/error.h"

namespace quantd::jobs {
namespace {

std::string SignalName(int signal) {
  const char* const name = sigabbrev_np(signal);
  return name == nullptr ? absl::StrCat(signal) : absl::StrCat("SIG", name);
}

// "was killed by SIGSEGV", "exited with status 3 and no result".
std::string Describe(const WorkerExit& exit) {
  if (exit.signal != 0) {
    return absl::StrCat("was killed by ", SignalName(exit.signal));
  }
  return absl::StrCat("exited with status ", exit.exit_code, " and no result");
}

}  // namespace

absl::Status LostAttemptError(const Lease& lease, absl::Duration silence) {
  const std::string attempt = absl::StrCat(lease.attempt);
  const std::string phase = lease.phase.empty() ? "LOAD" : lease.phase;
  if (lease.kill_reason == KillReason::kTooLong) {
    const std::string limit = absl::FormatDuration(silence);
    return Error(absl::StatusCode::kDeadlineExceeded, "JOB_TIMEOUT",
                 absl::StrCat("attempt ", attempt, " ran for ", limit,
                              " and was stopped in phase ", phase,
                              "; use fewer images or batches"),
                 {{"limit", limit}, {"phase", phase}});
  }
  if (lease.kill_reason == KillReason::kSilent) {
    const std::string text = absl::FormatDuration(silence);
    return Error(absl::StatusCode::kInternal, "WORKER_UNRESPONSIVE",
                 absl::StrCat("the worker of attempt ", attempt,
                              " said nothing for ", text, " in phase ", phase,
                              " and was killed; see the job's log"),
                 {{"silence", text}, {"phase", phase}, {"attempt", attempt}});
  }
  const WorkerExit exit = lease.lost.value_or(WorkerExit());
  ErrorMetadata metadata = {{"phase", phase}, {"attempt", attempt}};
  if (exit.signal != 0) {
    metadata["signal"] = SignalName(exit.signal);
  } else {
    metadata["exitCode"] = absl::StrCat(exit.exit_code);
  }
  return Error(
      absl::StatusCode::kInternal, "WORKER_CRASHED",
      absl::StrCat("the worker of attempt ", attempt, " ", Describe(exit),
                   " in phase ", phase, "; see the job's log and quantd's log"),
      metadata);
}

std::string LostAttemptCause(const Lease& lease) {
  switch (lease.kill_reason) {
    case KillReason::kSilent:
    case KillReason::kTooLong:
      return "timeout";
    case KillReason::kCancelled:
      return "cancel";
    case KillReason::kNone:
      break;
  }
  return "crash";
}

}  // namespace quantd::jobs
