// An engine for tests: what it does is in the file name of the prototxt.
//   ok        succeeds at once, with a file, a record and a warning
//   slow      reports for two seconds, then like ok
//   sleep     reports until it is cancelled, at most a minute
//   deaf      sleeps for a minute, whatever is asked
//   crash     aborts; exit0: ends without a result; throw: std::bad_alloc
//   error     PROTOTXT_PARSE

#include <unistd.h>

#include <cstdlib>
#include <map>
#include <new>
#include <string>

#include "absl/strings/match.h"
#include "absl/time/clock.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "engine/jobs/job.h"

namespace quantd {
namespace {

absl::Status RunFor(absl::Duration duration, bool listen, JobMonitor* monitor) {
  const absl::Time end = absl::Now() + duration;
  v1::JobProgress progress;
  progress.set_phase("STATISTICS");
  while (absl::Now() < end) {
    progress.set_done(progress.done() + 1);
    monitor->OnProgress(progress);
    monitor->OnImages(1);
    if (listen && monitor->Cancelled()) {
      return Error(absl::StatusCode::kCancelled, "CANCELLED_BY_USER",
                   "cancelled");
    }
    absl::SleepFor(absl::Milliseconds(20));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<JobOutput> RunJob(const v1::JobSpec& spec,
                                 const JobInputs& inputs, JobMonitor* monitor) {
  const v1::BlobRef& prototxt = spec.evaluate().model().prototxt();
  const std::string& what = prototxt.file_name();
  monitor->OnLog("fake engine: " + what);
  ASSIGN_OR_RETURN(const std::string text, inputs.read_blob(prototxt));
  if (absl::StrContains(what, "crash")) std::abort();
  if (absl::StrContains(what, "exit0")) _exit(0);
  if (absl::StrContains(what, "throw")) throw std::bad_alloc();
  if (absl::StrContains(what, "error")) {
    return Error(absl::StatusCode::kInvalidArgument, "PROTOTXT_PARSE",
                 "line 1, column 2: no", {{"line", "1"}, {"column", "2"}});
  }
  if (absl::StrContains(what, "slow")) {
    RETURN_IF_ERROR(RunFor(absl::Seconds(2), true, monitor));
  }
  if (absl::StrContains(what, "sleep")) {
    RETURN_IF_ERROR(RunFor(absl::Minutes(1), true, monitor));
  }
  if (absl::StrContains(what, "deaf")) {
    RETURN_IF_ERROR(RunFor(absl::Minutes(1), false, monitor));
  }
  v1::JobWarning warning;
  warning.set_reason("FEW_SAMPLES");
  monitor->OnWarning(warning);
  JobOutput output;
  output.files.push_back({"result.txt", "result of " + text});
  output.records.emplace_back().set_layer("conv1");
  output.result.set_num_layers_quantized(1);
  return output;
}

std::map<std::string, std::string> EngineLibraries() { return {{"fake", "1"}}; }

}  // namespace quantd
