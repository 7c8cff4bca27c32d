#include "proto/rpc/job_error.h"

#include "base/error.h"
#include "base/testing/status_matchers.h"

namespace quantd {
namespace {

using ::quantd::testing::HasReason;
using ::quantd::testing::StatusIs;

TEST(JobErrorTest, RoundTripKeepsEverything) {
  const absl::Status status = Error(absl::StatusCode::kFailedPrecondition,
                                    "DATASET_EMPTY", "m", {{"dataset", "ds"}});
  const v1::JobError error = ToJobError(status);
  EXPECT_EQ(error.code(), 9);
  EXPECT_EQ(error.reason(), "DATASET_EMPTY");
  EXPECT_EQ(error.metadata().at("dataset"), "ds");
  EXPECT_EQ(FromJobError(error), status);
}

TEST(JobErrorTest, UnknownCodesBecomeUnknown) {
  v1::JobError error;
  error.set_reason("R");
  EXPECT_THAT(FromJobError(error), StatusIs(absl::StatusCode::kUnknown, ""));
  error.set_code(77);
  EXPECT_THAT(FromJobError(error), StatusIs(absl::StatusCode::kUnknown, ""));
  EXPECT_THAT(FromJobError(error), HasReason("R"));
}

}  // namespace
}  // namespace quantd
