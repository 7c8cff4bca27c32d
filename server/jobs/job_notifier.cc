#include "server/jobs/job_notifier.h"

#include <functional>
#include <string>
#include <utility>

namespace quantd::jobs {

int64_t JobNotifier::Subscribe(const std::string& topic,
                               std::function<void()> callback) {
  absl::MutexLock lock(&mutex_);
  const int64_t subscription = next_++;
  subscriptions_[subscription] = {topic, std::move(callback)};
  by_topic_.emplace(topic, subscription);
  return subscription;
}

void JobNotifier::Unsubscribe(int64_t subscription) {
  absl::MutexLock lock(&mutex_);
  const auto found = subscriptions_.find(subscription);
  if (found == subscriptions_.end()) return;
  const auto [begin, end] = by_topic_.equal_range(found->second.topic);
  for (auto it = begin; it != end; ++it) {
    if (it->second != subscription) continue;
    by_topic_.erase(it);
    break;
  }
  subscriptions_.erase(found);
}

void JobNotifier::Notify(const std::string& topic) {
  absl::MutexLock lock(&mutex_);
  const auto [begin, end] = by_topic_.equal_range(topic);
  for (auto it = begin; it != end; ++it) {
    subscriptions_.at(it->second).callback();
  }
}

void JobNotifier::NotifyAll() {
  absl::MutexLock lock(&mutex_);
  for (auto& [id, subscription] : subscriptions_) subscription.callback();
}

int64_t JobNotifier::num_subscriptions() const {
  absl::MutexLock lock(&mutex_);
  return static_cast<int64_t>(subscriptions_.size());
}

}  // namespace quantd::jobs
