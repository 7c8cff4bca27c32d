// What a worker runs: one job, from its spec to files and records.
// Not here: leasing, uploading, cancelling (server/worker).
#ifndef QUANTD_ENGINE_JOBS_JOB_H_
#define QUANTD_ENGINE_JOBS_JOB_H_

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "proto/quantd/v1/job.pb.h"

namespace quantd {

// What the outside gives to a job.
struct JobInputs {
  // Bytes of a blob of the spec.
  std::function<absl::StatusOr<std::string>(const v1::BlobRef&)> read_blob;
  // LMDB directory of each data set of the spec, by id.
  std::map<std::string, std::string> dataset_paths;
  // What earlier attempts of the job saved: see JobMonitor::SaveFiles().
  std::vector<v1::Artifact> saved;
};

// A file that a job wrote, in memory.
struct OutputFile {
  std::string name;
  std::string contents;
};

// Follows a job. Called from the thread that runs it, often: must be quick.
class JobMonitor {
 public:
  virtual ~JobMonitor() = default;
  virtual void OnProgress(const v1::JobProgress& progress) = 0;
  virtual void OnWarning(const v1::JobWarning& warning) = 0;
  // One line that the user may see.
  virtual void OnLog(const std::string& line) = 0;
  // Calibration images since the last call.
  virtual void OnImages(int64_t num_images) = 0;
  // Asked at least after every layer; true ends the job with CANCELLED.
  virtual bool Cancelled() const = 0;
  // True: the process is asked to end within seconds. A job that can go on from
  // JobInputs::saved saves what it has and ends with UNAVAILABLE,
  // WORKER_STOPPING; others need not ask.
  virtual bool StopRequested() const = 0;
  // Makes `files` part of the job's artifacts at once and together, whatever
  // becomes of this attempt; a file replaces an older one of its name. Returns
  // when they are stored. Errors: those of the store.
  virtual absl::Status SaveFiles(const std::vector<OutputFile>& files) = 0;
};

struct JobOutput {
  v1::JobResult result;
  std::vector<v1::LayerRecord> records;
  std::vector<OutputFile> files;  // Beside those that were saved.
};

// Runs `spec`. Errors carry a reason and name file, layer and field;
// CANCELLED, CANCELLED_BY_USER when the monitor said so.
absl::StatusOr<JobOutput> RunJob(const v1::JobSpec& spec,
                                 const JobInputs& inputs, JobMonitor* monitor);

// Versions of the libraries behind the engine, by name ("oneDNN").
std::map<std::string, std::string> EngineLibraries();

}  // namespace quantd

#endif  // QUANTD_ENGINE_JOBS_JOB_H_
