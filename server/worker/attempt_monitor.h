// What a job says while it runs, gathered for the next report.
#ifndef QUANTD_SERVER_WORKER_ATTEMPT_MONITOR_H_
#define QUANTD_SERVER_WORKER_ATTEMPT_MONITOR_H_

#include <atomic>
#include <functional>
#include <string>
#include <utility>
#include <vector>

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
  // Stores files with the job.
  using Save = std::function<absl::Status(const std::vector<OutputFile>&)>;

  // `stopping`: whether the process is asked to end; must outlive this.
  AttemptMonitor(const std::atomic<bool>& stopping, Save save)
      : stopping_(stopping), save_(std::move(save)) {}

  void OnProgress(const v1::JobProgress& progress) override;
  void OnWarning(const v1::JobWarning& warning) override;
  void OnLog(const std::string& line) override;
  void OnImages(int64_t num_images) override;
  bool Cancelled() const override { return cancelled_; }
  bool StopRequested() const override {
    saves_on_stop_ = true;
    return stopping_;
  }
  absl::Status SaveFiles(const std::vector<OutputFile>& files) override {
    return save_(files);
  }

  void Cancel() { cancelled_ = true; }

  // Ends the job as a cancellation does, but nobody wants to know how.
  void GiveUp() {
    gave_up_ = true;
    Cancel();
  }
  bool gave_up() const { return gave_up_; }
  // Whether the job asks StopRequested().
  bool saves_on_stop() const { return saves_on_stop_; }

  // What came since the last Take; job_id and token are the caller's.
  v1::ReportRequest Take();

 private:
  const std::atomic<bool>& stopping_;
  const Save save_;
  std::atomic<bool> cancelled_{false};
  std::atomic<bool> gave_up_{false};
  mutable std::atomic<bool> saves_on_stop_{false};
  absl::Mutex mutex_;
  v1::ReportRequest pending_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace quantd::worker

#endif  // QUANTD_SERVER_WORKER_ATTEMPT_MONITOR_H_
