// What the program's exit code says; frozen, scripts rely on it.
#ifndef QUANTD_CLIENT_CLI_EXIT_CODE_H_
#define QUANTD_CLIENT_CLI_EXIT_CODE_H_

#include "absl/status/status.h"
#include "proto/quantd/v1/job.pb.h"

namespace quantd {

inline constexpr int kExitOk = 0;
inline constexpr int kExitFailure = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitJobFailed = 3;  // Or cancelled.
inline constexpr int kExitNotAllowed = 4;
inline constexpr int kExitNotFound = 5;
inline constexpr int kExitDeadline = 6;
inline constexpr int kExitUnavailable = 7;
inline constexpr int kExitQuota = 8;
inline constexpr int kExitInterrupted = 130;  // The job goes on.

// Of a command that ended with `status`: by reason (USAGE, INTERRUPTED), then
// by code.
int ExitCodeOf(const absl::Status& status);

// Of a command that waited for a job which is now in `state`: 3 for FAILED and
// CANCELLED, else 0.
int ExitCodeOf(v1::JobState state);

// Of a command that waited for a job with this result: 1 where a VERIFY job
// found a broken bound, else 0.
int ExitCodeOf(const v1::JobResult& result);

// What a command returns after Ctrl-C. Its message is for the user, and is no
// error.
absl::Status Interrupted(absl::string_view message);

}  // namespace quantd

#endif  // QUANTD_CLIENT_CLI_EXIT_CODE_H_
