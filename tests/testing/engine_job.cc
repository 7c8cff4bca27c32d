#include "tests/testing/engine_job.h"

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "engine/jobs/testing/recording_monitor.h"
#include "tests/testing/subprocess.h"

namespace quantd::testing {

v1::BlobRef FileBlob(const std::string& path) {
  v1::BlobRef blob;
  blob.set_file_name(path);
  return blob;
}

absl::StatusOr<JobOutput> RunOnFiles(const v1::JobSpec& spec,
                                     std::vector<v1::JobWarning>* warnings) {
  JobInputs inputs;
  inputs.read_blob =
      [](const v1::BlobRef& blob) -> absl::StatusOr<std::string> {
    std::string bytes = ReadFile(blob.file_name());
    return bytes;
  };
  for (const std::string& id :
       {spec.calibrate().dataset_id(), spec.calibrate().eval_dataset_id(),
        spec.evaluate().dataset_id(), spec.verify().dataset_id(),
        spec.compare().dataset_id()}) {
    if (!id.empty()) inputs.dataset_paths[id] = id;
  }
  RecordingMonitor monitor;
  auto output = RunJob(spec, inputs, &monitor);
  if (warnings != nullptr) *warnings = monitor.warnings;
  return output;
}

std::string FileEndingIn(const JobOutput& output, const std::string& suffix) {
  for (const OutputFile& file : output.files) {
    if (absl::EndsWith(file.name, suffix)) return file.contents;
  }
  return "";
}

}  // namespace quantd::testing
