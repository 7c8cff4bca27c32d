// One attempt of a job, from the lease to the commit.
#ifndef QUANTD_SERVER_WORKER_ATTEMPT_RUNNER_H_
#define QUANTD_SERVER_WORKER_ATTEMPT_RUNNER_H_

#include <atomic>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "proto/quantd/v1/worker_service.pb.h"
#include "server/worker/worker_client.h"

namespace quantd::worker {

// Longest time between two reports.
inline constexpr absl::Duration kReportInterval = absl::Milliseconds(500);

// Runs the job of `attempt` in a thread of its own and uploads its files, while
// this thread reports; then commits, with the error if there was one (that is
// no error here).
//
// Once `stopping` is true (the process is asked to end) a job may finish
// quickly, or save what it has; then, or when it takes too long, the attempt is
// left without a commit: quantd puts the job back. That is no error either.
//
// Does not return when quantd is gone or the lease is lost: the engine cannot
// be interrupted, so the process ends, with status 3.
//
// Errors: of Commit, after retries for a minute.
absl::Status RunAttempt(const v1::Attempt& attempt,
                        const std::atomic<bool>& stopping,
                        WorkerClient* client);

}  // namespace quantd::worker

#endif  // QUANTD_SERVER_WORKER_ATTEMPT_RUNNER_H_
