#include "engine/jobs/phase_tracker.h"

#include <vector>

#include "base/testing/status_matchers.h"
#include "engine/jobs/testing/recording_monitor.h"

namespace quantd {
namespace {

using ::quantd::testing::HasReason;
using ::quantd::testing::RecordingMonitor;

TEST(PhaseTrackerTest, ReportsEachPhaseAndKeepsItsTimeOnce) {
  RecordingMonitor monitor;
  PhaseTracker tracker(&monitor);
  tracker.Begin("LOAD");
  tracker.Begin("STATISTICS", 4);
  tracker.Advance(1, 8);
  tracker.Begin("LOAD");
  tracker.End();
  ASSERT_EQ(tracker.phase_times().size(), 2u);
  EXPECT_EQ(tracker.phase_times()[0].phase(), "LOAD");
  EXPECT_EQ(tracker.phase_times()[1].phase(), "STATISTICS");
  ASSERT_EQ(monitor.progress.size(), 4u);
  EXPECT_EQ(monitor.progress[2].done(), 1);
  EXPECT_EQ(monitor.progress[2].total(), 4);
  EXPECT_GT(monitor.progress[2].images_per_second(), 0);
  EXPECT_GE(monitor.progress[2].seconds_left(), 0);
}

TEST(PhaseTrackerTest, CancellationIsAnErrorWithReason) {
  RecordingMonitor monitor;
  PhaseTracker tracker(&monitor);
  EXPECT_OK(tracker.CheckCancelled());
  monitor.cancelled = true;
  EXPECT_THAT(tracker.CheckCancelled(), HasReason("CANCELLED_BY_USER"));
}

}  // namespace
}  // namespace quantd
