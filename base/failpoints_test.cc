#include "base/failpoints.h"

#include "absl/time/clock.h"
#include "base/testing/status_matchers.h"

namespace quantd {
namespace {

using ::quantd::testing::HasReason;
using ::testing::Contains;
using ::testing::IsEmpty;

absl::Status Reached() {
  QUANTD_FAILPOINT("base/reached");
  return absl::OkStatus();
}

absl::Status NeverReached() {
  QUANTD_FAILPOINT("base/never_reached");
  return absl::OkStatus();
}

class FailpointsTest : public ::testing::Test {
 protected:
  ~FailpointsTest() override { ClearFailpoints(); }
};

TEST_F(FailpointsTest, DoNothingUnlessSet) { EXPECT_OK(Reached()); }

TEST_F(FailpointsTest, AreListedThoughNeverReached) {
  EXPECT_THAT(ListFailpoints(), Contains("base/never_reached"));
  EXPECT_THAT(ListFailpoints(), Contains("base/reached"));
  EXPECT_OK(NeverReached());
}

TEST_F(FailpointsTest, ErrorReturnsUntilSwitchedOff) {
  ASSERT_OK(SetFailpoint("base/reached", "error"));
  EXPECT_THAT(Reached(), HasReason("FAILPOINT"));
  EXPECT_THAT(Reached(), HasReason("FAILPOINT"));
  ASSERT_OK(SetFailpoint("base/reached", "off"));
  EXPECT_OK(Reached());
}

TEST_F(FailpointsTest, StartAtTheNthHit) {
  ASSERT_OK(SetFailpoints("base/reached=full:3,base/other=kill"));
  EXPECT_OK(Reached());
  EXPECT_OK(Reached());
  EXPECT_THAT(Reached(), HasReason("DISK_FULL"));
}

TEST_F(FailpointsTest, SleepWaits) {
  ASSERT_OK(SetFailpoint("base/reached", "sleep(30)"));
  const absl::Time start = absl::Now();
  EXPECT_OK(Reached());
  EXPECT_GE(absl::Now() - start, absl::Milliseconds(30));
}

TEST_F(FailpointsTest, KillExitsAtOnce) {
  ASSERT_OK(SetFailpoint("base/reached", "kill"));
  EXPECT_EXIT(Reached().IgnoreError(),
              ::testing::ExitedWithCode(kFailpointExitCode), "");
}

TEST_F(FailpointsTest, RefusesUnknownActions) {
  for (const char* action :
       {"", "die", "sleep(x)", "error:0", "error:1:2", "sleep(-1)", "kill:"}) {
    EXPECT_THAT(SetFailpoint("base/reached", action),
                HasReason("OPTION_OUT_OF_RANGE"))
        << action;
  }
}

}  // namespace
}  // namespace quantd
