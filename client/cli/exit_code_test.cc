#include "client/cli/exit_code.h"

#include "base/error.h"
#include "client/cli/flags.h"
#include "gtest/gtest.h"

namespace quantd {
namespace {

TEST(ExitCodeTest, ByCode) {
  using Code = absl::StatusCode;
  const std::pair<Code, int> expected[] = {
      {Code::kOk, 0},
      {Code::kInvalidArgument, 1},
      {Code::kFailedPrecondition, 1},
      {Code::kInternal, 1},
      {Code::kDataLoss, 1},
      {Code::kUnauthenticated, 4},
      {Code::kPermissionDenied, 4},
      {Code::kNotFound, 5},
      {Code::kDeadlineExceeded, 6},
      {Code::kUnavailable, 7},
      {Code::kResourceExhausted, 8},
  };
  for (const auto& [code, exit_code] : expected) {
    EXPECT_EQ(ExitCodeOf(absl::Status(code, "x")), exit_code)
        << absl::StatusCodeToString(code);
  }
}

TEST(ExitCodeTest, ByReason) {
  EXPECT_EQ(ExitCodeOf(UsageError("x")), 2);
  EXPECT_EQ(ExitCodeOf(Interrupted("x")), 130);
}

TEST(ExitCodeTest, ByJobState) {
  EXPECT_EQ(ExitCodeOf(v1::JOB_STATE_SUCCEEDED), 0);
  EXPECT_EQ(ExitCodeOf(v1::JOB_STATE_RUNNING), 0);
  EXPECT_EQ(ExitCodeOf(v1::JOB_STATE_FAILED), 3);
  EXPECT_EQ(ExitCodeOf(v1::JOB_STATE_CANCELLED), 3);
}

TEST(ExitCodeTest, ByResult) {
  v1::JobResult result;
  EXPECT_EQ(ExitCodeOf(result), 0);
  result.mutable_verify()->set_passed(true);
  EXPECT_EQ(ExitCodeOf(result), 0);
  result.mutable_verify()->set_passed(false);
  EXPECT_EQ(ExitCodeOf(result), 1);
}

}  // namespace
}  // namespace quantd
