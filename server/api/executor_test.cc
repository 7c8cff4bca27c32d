#include "server/api/executor.h"

#include <atomic>
#include <memory>
#include <vector>

#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace quantd::api {
namespace {

using ::testing::ElementsAre;

TEST(ExecutorTest, RunsEverythingBeforeItEnds) {
  std::atomic<int> count{0};
  {
    Executor executor(3);
    for (int i = 0; i < 1000; ++i) executor.Run([&] { ++count; });
  }
  EXPECT_EQ(count, 1000);
}

TEST(ExecutorTest, LaterTasksRunInTheOrderOfTheirTimes) {
  Executor executor(1);
  std::vector<int> order;
  absl::Notification done;
  executor.RunAfter(absl::Milliseconds(40), [&] {
    order.push_back(3);
    done.Notify();
  });
  executor.RunAfter(absl::Milliseconds(20), [&] { order.push_back(2); });
  executor.Run([&] { order.push_back(1); });
  done.WaitForNotification();
  EXPECT_THAT(order, ElementsAre(1, 2, 3));
}

TEST(ExecutorTest, TheDestructorDropsWhatIsNotDue) {
  std::atomic<int> count{0};
  const absl::Time start = absl::Now();
  {
    Executor executor(2);
    executor.RunAfter(absl::Hours(1), [&] { ++count; });
  }
  EXPECT_EQ(count, 0);
  EXPECT_LT(absl::Now() - start, absl::Minutes(1));
}

}  // namespace
}  // namespace quantd::api
