// Keeps a job's warnings on their way to its monitor.
#ifndef QUANTD_ENGINE_JOBS_WARNING_COLLECTOR_H_
#define QUANTD_ENGINE_JOBS_WARNING_COLLECTOR_H_

#include <string>
#include <vector>

#include "engine/jobs/job.h"

namespace quantd {

// Passes everything on to `monitor`, which must outlive it.
class WarningCollector : public JobMonitor {
 public:
  explicit WarningCollector(JobMonitor* monitor) : monitor_(monitor) {}

  const std::vector<v1::JobWarning>& warnings() const { return warnings_; }

  void OnWarning(const v1::JobWarning& warning) override {
    warnings_.push_back(warning);
    monitor_->OnWarning(warning);
  }
  void OnProgress(const v1::JobProgress& progress) override {
    monitor_->OnProgress(progress);
  }
  void OnLog(const std::string& line) override { monitor_->OnLog(line); }
  void OnImages(int64_t num_images) override { monitor_->OnImages(num_images); }
  bool Cancelled() const override { return monitor_->Cancelled(); }
  bool StopRequested() const override { return monitor_->StopRequested(); }
  absl::Status SaveFiles(const std::vector<OutputFile>& files) override {
    return monitor_->SaveFiles(files);
  }

 private:
  JobMonitor* const monitor_;
  std::vector<v1::JobWarning> warnings_;
};

}  // namespace quantd

#endif  // QUANTD_ENGINE_JOBS_WARNING_COLLECTOR_H_
