// A JobMonitor that remembers what it was told.
#ifndef QUANTD_ENGINE_JOBS_TESTING_RECORDING_MONITOR_H_
#define QUANTD_ENGINE_JOBS_TESTING_RECORDING_MONITOR_H_

#include <string>
#include <vector>

#include "engine/jobs/job.h"

namespace quantd::testing {

class RecordingMonitor : public JobMonitor {
 public:
  void OnProgress(const v1::JobProgress& p) override { progress.push_back(p); }
  void OnWarning(const v1::JobWarning& w) override { warnings.push_back(w); }
  void OnLog(const std::string& line) override { log.push_back(line); }
  void OnImages(int64_t count) override { num_images += count; }
  bool Cancelled() const override { return cancelled; }
  bool StopRequested() const override { return stop_requested; }
  absl::Status SaveFiles(const std::vector<OutputFile>& files) override {
    saved.insert(saved.end(), files.begin(), files.end());
    return absl::OkStatus();
  }

  std::vector<v1::JobProgress> progress;
  std::vector<v1::JobWarning> warnings;
  std::vector<std::string> log;
  int64_t num_images = 0;
  bool cancelled = false;
  bool stop_requested = false;
  std::vector<OutputFile> saved;
};

}  // namespace quantd::testing

#endif  // QUANTD_ENGINE_JOBS_TESTING_RECORDING_MONITOR_H_
