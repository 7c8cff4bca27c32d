#include "server/jobs/lease.h"

#include <signal.h>

#include "base/error.h"
#include "base/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace quantd::jobs {
namespace {

using ::quantd::testing::HasReason;
using ::quantd::testing::StatusIs;

TEST(LeaseTest, ASignalIsNamed) {
  Lease lease;
  lease.attempt = 2;
  lease.phase = "STATISTICS";
  lease.lost = WorkerExit{1, SIGSEGV, 0};
  const absl::Status status = LostAttemptError(lease, absl::ZeroDuration());
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kInternal, "SIGSEGV"));
  EXPECT_THAT(status, HasReason("WORKER_CRASHED"));
  EXPECT_EQ(GetErrorMetadata(status)["signal"], "SIGSEGV");
  EXPECT_EQ(GetErrorMetadata(status)["attempt"], "2");
  EXPECT_EQ(GetErrorMetadata(status)["phase"], "STATISTICS");
  EXPECT_EQ(LostAttemptCause(lease), "crash");
}

TEST(LeaseTest, AnExitWithoutResultIsACrash) {
  Lease lease;
  lease.lost = WorkerExit{1, 0, 0};
  EXPECT_THAT(LostAttemptError(lease, absl::ZeroDuration()),
              StatusIs(absl::StatusCode::kInternal, "status 0"));
}

TEST(LeaseTest, WhatWeKilledIsNotCalledACrash) {
  Lease lease;
  lease.lost = WorkerExit{1, SIGKILL, 0};
  lease.kill_reason = KillReason::kSilent;
  EXPECT_THAT(LostAttemptError(lease, absl::Seconds(30)),
              HasReason("WORKER_UNRESPONSIVE"));
  lease.kill_reason = KillReason::kTooLong;
  EXPECT_THAT(LostAttemptError(lease, absl::Hours(24)),
              HasReason("JOB_TIMEOUT"));
  EXPECT_EQ(LostAttemptCause(lease), "timeout");
}

}  // namespace
}  // namespace quantd::jobs
