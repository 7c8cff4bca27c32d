#include "server/jobs/job_queue.h"

#include <optional>

#include "gtest/gtest.h"

namespace quantd::jobs {
namespace {

TEST(JobQueueTest, FirstCreatedFirstServed) {
  JobQueue queue;
  queue.Push("cpu", 2, "b");
  queue.Push("cpu", 1, "a");
  queue.Push("cpu", 3, "c");
  EXPECT_EQ(queue.Pop("cpu"), "a");
  EXPECT_EQ(queue.Pop("cpu"), "b");
  queue.Push("cpu", 1, "a");
  EXPECT_EQ(queue.Pop("cpu"), "a");
  EXPECT_EQ(queue.Pop("cpu"), "c");
  EXPECT_EQ(queue.Pop("cpu"), std::nullopt);
}

TEST(JobQueueTest, DevicesHaveTheirOwnLines) {
  JobQueue queue;
  queue.Push("gpu", 1, "a");
  EXPECT_EQ(queue.Pop("cpu"), std::nullopt);
  EXPECT_EQ(queue.Depth("gpu"), 1);
  EXPECT_EQ(queue.Depth("cpu"), 0);
  EXPECT_EQ(queue.Pop("gpu"), "a");
}

TEST(JobQueueTest, RemovedJobsAreNotServed) {
  JobQueue queue;
  queue.Push("cpu", 1, "a");
  queue.Push("cpu", 1, "a");
  EXPECT_EQ(queue.size(), 1);
  EXPECT_TRUE(queue.Remove("a"));
  EXPECT_FALSE(queue.Remove("a"));
  EXPECT_EQ(queue.size(), 0);
}

}  // namespace
}  // namespace quantd::jobs
