// The job CONVERT: from a float network and a user's own factors to AMCT's
// files, without data (AMCT's convert_model).
#ifndef QUANTD_ENGINE_JOBS_CONVERT_H_
#define QUANTD_ENGINE_JOBS_CONVERT_H_

#include "absl/status/statusor.h"
#include "engine/jobs/job.h"

namespace quantd {

// Phases:
//   LOAD       read model and record
//   TRANSFORM  remove in-place layers, fuse, check the record against the fused
//              network, plan
//   EMIT       write the files
// A record that a CALIBRATE job wrote gives that job's deploy and fake-quant
// models, byte by byte. config.json and the record are not written.
// Errors: those of ReadJobModel() and CheckFloatModel(); those of the record
// (record_file.h, cann_record.h, user_record.h), which name its file, layer and
// field; those of FuseModel() and ExportModel(), among them BIAS_OUT_OF_RANGE.
absl::StatusOr<JobOutput> RunConvert(const v1::ConvertSpec& spec,
                                     const JobInputs& inputs,
                                     JobMonitor* monitor);

}  // namespace quantd

#endif  // QUANTD_ENGINE_JOBS_CONVERT_H_
