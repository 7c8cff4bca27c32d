// Tells a monitor where a job is, and keeps the time that each phase took.
#ifndef QUANTD_ENGINE_JOBS_PHASE_TRACKER_H_
#define QUANTD_ENGINE_JOBS_PHASE_TRACKER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "engine/jobs/job.h"

namespace quantd {

// Phases follow each other; the next Begin() ends the one before.
//
// Threads: compatible, not safe.
class PhaseTracker {
 public:
  // `monitor` must outlive this.
  explicit PhaseTracker(JobMonitor* monitor) : monitor_(monitor) {}

  // Starts `phase` (JobProgress.phase) of `total` units; 0: not known.
  void Begin(const std::string& phase, int64_t total = 0);
  // `done` units of the phase, with `num_images` images more than at the last
  // call.
  void Advance(int64_t done, int64_t num_images = 0);
  // The same, in phase TRAIN.
  void AdvanceTraining(int64_t done, const v1::TrainProgress& train);
  // Ends the last phase.
  void End();
  // The same, and writes how long the phases took.
  void Finish(v1::JobResult* result);

  // CANCELLED, CANCELLED_BY_USER, once the user asked for it; OK before.
  absl::Status CheckCancelled() const;

  // A phase that ran twice is there once, with the sum.
  const std::vector<v1::PhaseTime>& phase_times() const { return times_; }
  JobMonitor* monitor() const { return monitor_; }

 private:
  v1::JobProgress Progress(int64_t done) const;

  JobMonitor* const monitor_;
  std::string phase_;
  absl::Time start_;
  int64_t total_ = 0;
  int64_t num_images_ = 0;
  std::vector<v1::PhaseTime> times_;
};

}  // namespace quantd

#endif  // QUANTD_ENGINE_JOBS_PHASE_TRACKER_H_
