#include "server/worker/attempt_monitor.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace quantd::worker {
namespace {

using ::testing::SizeIs;

class AttemptMonitorTest : public ::testing::Test {
 protected:
  std::atomic<bool> stopping_{false};
  std::vector<OutputFile> saved_;
  AttemptMonitor monitor_{stopping_, [this](const auto& files) {
                            saved_ = files;
                            return absl::OkStatus();
                          }};
};

TEST_F(AttemptMonitorTest, OnlyTheNewestProgressIsTaken) {
  v1::JobProgress progress;
  for (int i = 1; i <= 10; ++i) {
    progress.set_done(i);
    monitor_.OnProgress(progress);
    monitor_.OnImages(4);
    monitor_.OnLog("line");
  }
  const v1::ReportRequest report = monitor_.Take();
  EXPECT_EQ(report.progress().done(), 10);
  EXPECT_EQ(report.num_images(), 40);
  EXPECT_THAT(report.log_lines(), SizeIs(10));
  const v1::ReportRequest empty = monitor_.Take();
  EXPECT_FALSE(empty.has_progress());
  EXPECT_EQ(empty.num_images(), 0);
}

TEST_F(AttemptMonitorTest, WhatIsKeptIsBounded) {
  for (int i = 0; i < 5000; ++i) {
    monitor_.OnLog(std::string(5000, 'x'));
    monitor_.OnWarning(v1::JobWarning());
  }
  const v1::ReportRequest report = monitor_.Take();
  EXPECT_THAT(report.log_lines(), SizeIs(1000));
  EXPECT_THAT(report.log_lines(0), SizeIs(1000));
  EXPECT_THAT(report.warnings(), SizeIs(200));
}

TEST_F(AttemptMonitorTest, CancelIsSeen) {
  EXPECT_FALSE(monitor_.Cancelled());
  monitor_.Cancel();
  EXPECT_TRUE(monitor_.Cancelled());
}

TEST_F(AttemptMonitorTest, FilesAndTheWishToStopPassThrough) {
  EXPECT_TRUE(monitor_.SaveFiles({{"a", "b"}}).ok());
  EXPECT_THAT(saved_, SizeIs(1));
  EXPECT_FALSE(monitor_.StopRequested());
  stopping_ = true;
  EXPECT_TRUE(monitor_.StopRequested());
}

}  // namespace
}  // namespace quantd::worker
