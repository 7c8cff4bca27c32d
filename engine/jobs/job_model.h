// The network of a job, read from its blobs.
#ifndef QUANTD_ENGINE_JOBS_JOB_MODEL_H_
#define QUANTD_ENGINE_JOBS_JOB_MODEL_H_

#include <string>

#include "absl/status/statusor.h"
#include "engine/jobs/job.h"
#include "proto/caffe/caffe.pb.h"
#include "proto/quantd/v1/job.pb.h"

namespace quantd {

// Reads the prototxt and, if there is one, the caffemodel of `model`: upgraded,
// phase TEST, weights inside. Warnings go to `monitor`. Not for running: layers
// may name files.
// Errors: those of LoadModel(); INVALID_ARGUMENT, PROTOTXT_EMPTY or
// CAFFEMODEL_EMPTY for empty files.
absl::StatusOr<caffe::NetParameter> LoadJobModel(const v1::Model& model,
                                                 const JobInputs& inputs,
                                                 JobMonitor* monitor);

// The same for running: `model` has weights.
// Errors: also those of RefuseFiles() for layers that would open files.
absl::StatusOr<caffe::NetParameter> ReadJobModel(const v1::Model& model,
                                                 const JobInputs& inputs,
                                                 JobMonitor* monitor);

// Directory of a data set of the spec. Errors: INTERNAL if it is not among the
// inputs.
absl::StatusOr<std::string> DatasetPath(const JobInputs& inputs,
                                        const std::string& id);

// Warns if `transform` mirrors: Caffe flips images at random even in phase
// TEST, we flip none, so that two runs agree.
void WarnOfMirror(const caffe::TransformationParameter& transform,
                  JobMonitor* monitor);

// Sends a warning to `monitor`.
void Warn(const std::string& reason, const std::string& message,
          JobMonitor* monitor);

}  // namespace quantd

#endif  // QUANTD_ENGINE_JOBS_JOB_MODEL_H_
