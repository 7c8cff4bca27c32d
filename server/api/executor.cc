#include "server/api/executor.h"

#include <functional>
#include <utility>

#include "absl/time/clock.h"

namespace quantd::api {

Executor::Executor(int num_threads) {
  for (int i = 0; i < num_threads; ++i) {
    threads_.emplace_back([this] { WorkerLoop(); });
  }
}

Executor::~Executor() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
    changed_.SignalAll();
  }
  for (std::thread& thread : threads_) thread.join();
}

void Executor::Run(std::function<void()> task) {
  absl::MutexLock lock(&mutex_);
  ready_.push_back(std::move(task));
  changed_.Signal();
}

void Executor::RunAfter(absl::Duration delay, std::function<void()> task) {
  absl::MutexLock lock(&mutex_);
  timed_.emplace(absl::Now() + delay, std::move(task));
  changed_.Signal();
}

std::function<void()> Executor::Next() {
  absl::MutexLock lock(&mutex_);
  while (true) {
    const absl::Time now = absl::Now();
    while (!timed_.empty() && timed_.begin()->first <= now) {
      ready_.push_back(std::move(timed_.begin()->second));
      timed_.erase(timed_.begin());
    }
    if (!ready_.empty()) {
      std::function<void()> task = std::move(ready_.front());
      ready_.pop_front();
      if (!ready_.empty() || !timed_.empty()) changed_.Signal();
      return task;
    }
    if (stopping_) return nullptr;
    changed_.WaitWithDeadline(&mutex_, timed_.empty() ? absl::InfiniteFuture()
                                                      : timed_.begin()->first);
  }
}

void Executor::WorkerLoop() {
  while (std::function<void()> task = Next()) task();
}

}  // namespace quantd::api
