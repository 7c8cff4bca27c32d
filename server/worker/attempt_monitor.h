// What a job says while it runs, gathered for the next report.
#ifndef QUANTD_SERVER_WORKER_ATTEMPT_MONITOR_H_
#define QUANTD_SERVER_WORKER_ATTEMPT_MONITOR_H_

#include <atomic>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "engine/jobs/job.h"
#include "proto/quantd/v1/worker_service.pb.h"

namespace quantd::worker {

// Of the progress only the newest is kept; warnings and lines all, up to a
// bound that no honest job reaches.
//
// Threads: safe.
// Memory: at most 1,000 lines and 200 warnings between two reports.
class AttemptMonitor : public JobMonitor {
 public:
  void OnProgress(const v1::JobProgress& progress) override;
  void OnWarning(const v1::JobWarning& warning) override;
  void OnLog(const std::string& line) override;
  void OnImages(int64_t num_images) override;
  bool Cancelled() const override { return cancelled_; }

  void Cancel() { cancelled_ = true; }

  // What came since the last Take; job_id and token are the caller's.
  v1::ReportRequest Take();

 private:
  std::atomic<bool> cancelled_{false};
  absl::Mutex mutex_;
  v1::ReportRequest pending_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace quantd::worker

#endif  // QUANTD_SERVER_WORKER_ATTEMPT_MONITOR_H_
