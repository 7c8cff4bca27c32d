#include "engine/jobs/phase_tracker.h"

#include <algorithm>
#include <string>

#include "absl/time/clock.h"
#include "base/error.h"

namespace quantd {

void PhaseTracker::Begin(const std::string& phase, int64_t total) {
  End();
  phase_ = phase;
  start_ = absl::Now();
  total_ = total;
  num_images_ = 0;
  Advance(0);
}

void PhaseTracker::Advance(int64_t done, int64_t num_images) {
  num_images_ += num_images;
  monitor_->OnProgress(Progress(done));
}

void PhaseTracker::AdvanceTraining(int64_t done,
                                   const v1::TrainProgress& train) {
  v1::JobProgress progress = Progress(done);
  *progress.mutable_train() = train;
  monitor_->OnProgress(progress);
}

v1::JobProgress PhaseTracker::Progress(int64_t done) const {
  const double seconds = absl::ToDoubleSeconds(absl::Now() - start_);
  v1::JobProgress progress;
  progress.set_phase(phase_);
  progress.set_done(done);
  progress.set_total(total_);
  progress.set_seconds_left(-1);
  if (seconds > 0 && num_images_ > 0) {
    progress.set_images_per_second(num_images_ / seconds);
  }
  if (seconds > 0 && done > 0 && total_ > 0) {
    progress.set_seconds_left(seconds / done * (total_ - done));
  }
  return progress;
}

void PhaseTracker::End() {
  if (phase_.empty()) return;
  const double seconds = absl::ToDoubleSeconds(absl::Now() - start_);
  auto same = std::find_if(
      times_.begin(), times_.end(),
      [this](const v1::PhaseTime& time) { return time.phase() == phase_; });
  if (same == times_.end()) {
    same = times_.emplace(times_.end());
    same->set_phase(phase_);
  }
  same->set_seconds(same->seconds() + seconds);
  phase_.clear();
}

void PhaseTracker::Finish(v1::JobResult* result) {
  End();
  result->mutable_phase_times()->Assign(times_.begin(), times_.end());
}

absl::Status PhaseTracker::CheckCancelled() const {
  if (!monitor_->Cancelled()) return absl::OkStatus();
  return Error(absl::StatusCode::kCancelled, "CANCELLED_BY_USER",
               "the job was cancelled", {{"phase", phase_}});
}

}  // namespace quantd
