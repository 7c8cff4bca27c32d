#include "server/jobs/job_notifier.h"

#include "gtest/gtest.h"

namespace quantd::jobs {
namespace {

TEST(JobNotifierTest, OnlySubscribersOfTheTopicWake) {
  JobNotifier notifier;
  int first = 0;
  int second = 0;
  notifier.Subscribe("j-1", [&] { ++first; });
  notifier.Subscribe("j-1", [&] { ++first; });
  notifier.Subscribe("j-2", [&] { ++second; });
  notifier.Notify("j-1");
  notifier.Notify("j-3");
  EXPECT_EQ(first, 2);
  EXPECT_EQ(second, 0);
  notifier.NotifyAll();
  EXPECT_EQ(first, 4);
  EXPECT_EQ(second, 1);
}

TEST(JobNotifierTest, UnsubscribedCallbacksRestInPeace) {
  JobNotifier notifier;
  int count = 0;
  const int64_t subscription = notifier.Subscribe("j-1", [&] { ++count; });
  notifier.Unsubscribe(subscription);
  notifier.Unsubscribe(subscription);
  notifier.Notify("j-1");
  EXPECT_EQ(count, 0);
  EXPECT_EQ(notifier.num_subscriptions(), 0);
}

}  // namespace
}  // namespace quantd::jobs
