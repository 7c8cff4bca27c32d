#include <map>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "dnnl.hpp"
#include "engine/jobs/calibrate.h"
#include "engine/jobs/compare.h"
#include "engine/jobs/convert.h"
#include "engine/jobs/evaluate.h"
#include "engine/jobs/inspect.h"
#include "engine/jobs/job.h"
#include "engine/jobs/train.h"
#include "engine/jobs/uninplace_model.h"
#include "engine/jobs/verify.h"

namespace quantd {

absl::StatusOr<JobOutput> RunJob(const v1::JobSpec& spec,
                                 const JobInputs& inputs, JobMonitor* monitor) {
  switch (spec.kind_case()) {
    case v1::JobSpec::kCalibrate:
      return RunCalibrate(spec.calibrate(), inputs, monitor);
    case v1::JobSpec::kEvaluate:
      return RunEvaluate(spec.evaluate(), inputs, monitor);
    case v1::JobSpec::kTrain:
      return RunTrain(spec.train(), inputs, monitor);
    case v1::JobSpec::kCompare:
      return RunCompare(spec.compare(), inputs, monitor);
    case v1::JobSpec::kVerify:
      return RunVerify(spec.verify(), inputs, monitor);
    case v1::JobSpec::kInspect:
      return RunInspect(spec.inspect(), inputs, monitor);
    case v1::JobSpec::kUninplace:
      return RunUninplace(spec.uninplace(), inputs, monitor);
    case v1::JobSpec::kConvert:
      return RunConvert(spec.convert(), inputs, monitor);
    case v1::JobSpec::KIND_NOT_SET:
      break;
  }
  return Error(absl::StatusCode::kUnimplemented, "FEATURE_NOT_BUILT",
               "this worker does not know the kind of job; it may be older "
               "than quantd",
               {{"feature", "job kind"}});
}

std::map<std::string, std::string> EngineLibraries() {
  const dnnl_version_t* version = dnnl_version();
  return {{"oneDNN", absl::StrCat(version->major, ".", version->minor, ".",
                                  version->patch)}};
}

}  // namespace quantd
