#include "server/worker/attempt_monitor.h"

#include <string>
#include <utility>

namespace quantd::worker {
namespace {

constexpr int kMaxLines = 1000;
constexpr int kMaxWarnings = 200;
constexpr size_t kMaxLineBytes = 1000;

}  // namespace

void AttemptMonitor::OnProgress(const v1::JobProgress& progress) {
  absl::MutexLock lock(&mutex_);
  *pending_.mutable_progress() = progress;
}

void AttemptMonitor::OnWarning(const v1::JobWarning& warning) {
  absl::MutexLock lock(&mutex_);
  if (pending_.warnings_size() < kMaxWarnings) {
    *pending_.add_warnings() = warning;
  }
}

void AttemptMonitor::OnLog(const std::string& line) {
  absl::MutexLock lock(&mutex_);
  if (pending_.log_lines_size() < kMaxLines) {
    pending_.add_log_lines(line.substr(0, kMaxLineBytes));
  }
}

void AttemptMonitor::OnImages(int64_t num_images) {
  absl::MutexLock lock(&mutex_);
  pending_.set_num_images(pending_.num_images() + num_images);
}

v1::ReportRequest AttemptMonitor::Take() {
  absl::MutexLock lock(&mutex_);
  return std::exchange(pending_, v1::ReportRequest());
}

}  // namespace quantd::worker
