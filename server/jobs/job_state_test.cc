#include "server/jobs/job_state.h"

#include <set>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace quantd::jobs {
namespace {

std::vector<v1::JobState> AllStates() {
  std::vector<v1::JobState> states;
  for (int i = 0; i < v1::JobState_ARRAYSIZE; ++i) {
    states.push_back(static_cast<v1::JobState>(i));
  }
  return states;
}

TEST(JobStateTest, NothingLeavesATerminalState) {
  for (const auto from : AllStates()) {
    if (!IsTerminalState(from)) continue;
    for (const auto to : AllStates()) {
      EXPECT_FALSE(IsLegalTransition(from, to))
          << JobStateName(from) << " -> " << JobStateName(to);
    }
  }
}

TEST(JobStateTest, NoStateFollowsItself) {
  for (const auto state : AllStates()) {
    EXPECT_FALSE(IsLegalTransition(state, state)) << JobStateName(state);
  }
}

TEST(JobStateTest, EveryLiveStateReachesATerminalOne) {
  for (const auto start : AllStates()) {
    if (start == v1::JOB_STATE_UNSPECIFIED) continue;
    std::set<v1::JobState> reached = {start};
    for (size_t before = 0; before != reached.size();) {
      before = reached.size();
      for (const auto from : std::set<v1::JobState>(reached)) {
        for (const auto to : AllStates()) {
          if (IsLegalTransition(from, to)) reached.insert(to);
        }
      }
    }
    bool terminal = false;
    for (const auto state : reached) terminal |= IsTerminalState(state);
    EXPECT_TRUE(terminal) << JobStateName(start);
  }
}

TEST(JobStateTest, ACancelledAttemptNeverSucceeds) {
  EXPECT_FALSE(
      IsLegalTransition(v1::JOB_STATE_CANCELLING, v1::JOB_STATE_SUCCEEDED));
  EXPECT_FALSE(
      IsLegalTransition(v1::JOB_STATE_CANCELLING, v1::JOB_STATE_QUEUED));
}

TEST(JobStateTest, UnspecifiedIsNoState) {
  for (const auto state : AllStates()) {
    EXPECT_FALSE(IsLegalTransition(v1::JOB_STATE_UNSPECIFIED, state));
    EXPECT_FALSE(IsLegalTransition(state, v1::JOB_STATE_UNSPECIFIED));
  }
}

TEST(JobStateTest, NamesHaveNoPrefix) {
  EXPECT_EQ(JobStateName(v1::JOB_STATE_QUEUED), "QUEUED");
  EXPECT_EQ(JobStateName(static_cast<v1::JobState>(99)), "99");
}

}  // namespace
}  // namespace quantd::jobs
