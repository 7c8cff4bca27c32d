#include "server/worker/attempt_monitor.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace quantd::worker {
namespace {

using ::testing::SizeIs;

TEST(AttemptMonitorTest, OnlyTheNewestProgressIsTaken) {
  AttemptMonitor monitor;
  v1::JobProgress progress;
  for (int i = 1; i <= 10; ++i) {
    progress.set_done(i);
    monitor.OnProgress(progress);
    monitor.OnImages(4);
    monitor.OnLog("line");
  }
  const v1::ReportRequest report = monitor.Take();
  EXPECT_EQ(report.progress().done(), 10);
  EXPECT_EQ(report.num_images(), 40);
  EXPECT_THAT(report.log_lines(), SizeIs(10));
  const v1::ReportRequest empty = monitor.Take();
  EXPECT_FALSE(empty.has_progress());
  EXPECT_EQ(empty.num_images(), 0);
}

TEST(AttemptMonitorTest, WhatIsKeptIsBounded) {
  AttemptMonitor monitor;
  for (int i = 0; i < 5000; ++i) {
    monitor.OnLog(std::string(5000, 'x'));
    monitor.OnWarning(v1::JobWarning());
  }
  const v1::ReportRequest report = monitor.Take();
  EXPECT_THAT(report.log_lines(), SizeIs(1000));
  EXPECT_THAT(report.log_lines(0), SizeIs(1000));
  EXPECT_THAT(report.warnings(), SizeIs(200));
}

TEST(AttemptMonitorTest, CancelIsSeen) {
  AttemptMonitor monitor;
  EXPECT_FALSE(monitor.Cancelled());
  monitor.Cancel();
  EXPECT_TRUE(monitor.Cancelled());
}

}  // namespace
}  // namespace quantd::worker
