// Which job runs next: pure decisions, no store, no clock.
#ifndef QUANTD_SERVER_JOBS_JOB_QUEUE_H_
#define QUANTD_SERVER_JOBS_JOB_QUEUE_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>

namespace quantd::jobs {

// Class of a device, for queue and metrics: "gpu:0" -> "gpu".
std::string DeviceClass(const std::string& device);

// First created, first served, for each device class. A job that comes back
// after a lost attempt is served at its old place: it was created earlier.
//
// Threads: compatible, not safe.
// Memory: an id per waiting job.
class JobQueue {
 public:
  // Adds a job that waits for `device` ("cpu", "gpu"). `create_sequence` is
  // unique. A job that is there already stays where it is.
  void Push(const std::string& device, int64_t create_sequence,
            const std::string& job_id);

  // Takes the oldest job that `device` can run; none: nullopt.
  std::optional<std::string> Pop(const std::string& device);

  // Takes a job out, wherever it is; false if it is not there.
  bool Remove(const std::string& job_id);

  // Waiting jobs of one device class, and of all.
  int64_t Depth(const std::string& device) const;
  int64_t size() const;

 private:
  // By creation.
  std::map<std::string, std::map<int64_t, std::string>> waiting_;
};

}  // namespace quantd::jobs

#endif  // QUANTD_SERVER_JOBS_JOB_QUEUE_H_
