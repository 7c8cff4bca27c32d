#include "server/jobs/job_transition.h"

#include "base/error.h"
#include "base/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace quantd::jobs {
namespace {

using ::quantd::testing::HasReason;
using ::testing::SizeIs;

TEST(JobTransitionTest, AnIllegalMoveChangesNothing) {
  storage::JobChange change;
  change.row.mutable_job()->set_state(v1::JOB_STATE_SUCCEEDED);
  EXPECT_THAT(Transition(v1::JOB_STATE_QUEUED, absl::UnixEpoch(),
                         absl::OkStatus(), &change),
              HasReason("ILLEGAL_TRANSITION"));
  EXPECT_EQ(change.row.job().state(), v1::JOB_STATE_SUCCEEDED);
  EXPECT_THAT(change.events, SizeIs(0));
}

TEST(JobTransitionTest, RequeueingClearsTheAttempt) {
  storage::JobChange change;
  change.row.mutable_job()->set_state(v1::JOB_STATE_RUNNING);
  change.row.mutable_job()->mutable_progress()->set_phase("LOAD");
  change.row.set_lease_token(7);
  ASSERT_OK(Transition(v1::JOB_STATE_QUEUED, absl::UnixEpoch(),
                       absl::OkStatus(), &change));
  EXPECT_EQ(change.row.lease_token(), 0);
  EXPECT_FALSE(change.row.job().has_progress());
  EXPECT_FALSE(change.row.job().has_error());
}

TEST(JobTransitionTest, AFailureCarriesItsErrorInJobAndEvent) {
  storage::JobChange change;
  change.row.mutable_job()->set_state(v1::JOB_STATE_RUNNING);
  change.row.set_lease_token(7);
  ASSERT_OK(Transition(
      v1::JOB_STATE_FAILED, absl::FromUnixSeconds(5),
      Error(absl::StatusCode::kInternal, "WORKER_CRASHED", "m"), &change));
  EXPECT_EQ(change.row.job().error().reason(), "WORKER_CRASHED");
  EXPECT_EQ(change.row.job().end_time().seconds(), 5);
  EXPECT_EQ(change.row.lease_token(), 0);
  ASSERT_THAT(change.events, SizeIs(1));
  EXPECT_EQ(change.events[0].error().reason(), "WORKER_CRASHED");
  EXPECT_EQ(change.events[0].state(), v1::JOB_STATE_FAILED);
}

}  // namespace
}  // namespace quantd::jobs
