// Threads for what may wait for the disk, so that gRPC's own do not.
#ifndef QUANTD_SERVER_API_EXECUTOR_H_
#define QUANTD_SERVER_API_EXECUTOR_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace quantd::api {

// Runs tasks in the order given, `num_threads` at a time, and others at a later
// time.
//
// Threads: safe. The destructor drops tasks whose time has not come, runs the
// others, and joins.
class Executor {
 public:
  explicit Executor(int num_threads);
  ~Executor();
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;

  void Run(std::function<void()> task);
  void RunAfter(absl::Duration delay, std::function<void()> task);

 private:
  void WorkerLoop();
  // The next task whose time has come; an empty one: end.
  std::function<void()> Next();

  absl::Mutex mutex_;
  absl::CondVar changed_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::deque<std::function<void()>> ready_ ABSL_GUARDED_BY(mutex_);
  std::multimap<absl::Time, std::function<void()>> timed_
      ABSL_GUARDED_BY(mutex_);
  std::vector<std::thread> threads_;
};

}  // namespace quantd::api

#endif  // QUANTD_SERVER_API_EXECUTOR_H_
