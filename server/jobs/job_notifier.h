// Wakes whoever waits for a job to change, or for work to lease.
#ifndef QUANTD_SERVER_JOBS_JOB_NOTIFIER_H_
#define QUANTD_SERVER_JOBS_JOB_NOTIFIER_H_

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace quantd::jobs {

// Subscriptions to topics: a job id, or kQueue.
//
// Threads: safe. Callbacks run in the thread that notifies, one at a time, and
// must only pass the news on: they may not call this object.
// Ownership: a subscription lives until Unsubscribe; after that its callback
// neither runs nor will run.
class JobNotifier {
 public:
  // The topic of "a job may be leased".
  static constexpr char kQueue[] = "";

  int64_t Subscribe(const std::string& topic, std::function<void()> callback);
  void Unsubscribe(int64_t subscription);

  void Notify(const std::string& topic);
  // Every subscriber of every topic.
  void NotifyAll();

  int64_t num_subscriptions() const;

 private:
  struct Subscription {
    std::string topic;
    std::function<void()> callback;
  };

  mutable absl::Mutex mutex_;
  int64_t next_ ABSL_GUARDED_BY(mutex_) = 1;
  std::map<int64_t, Subscription> subscriptions_ ABSL_GUARDED_BY(mutex_);
  std::multimap<std::string, int64_t> by_topic_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace quantd::jobs

#endif  // QUANTD_SERVER_JOBS_JOB_NOTIFIER_H_
