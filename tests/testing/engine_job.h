// Runs engine jobs on files, without a daemon.
#ifndef QUANTD_TESTS_TESTING_ENGINE_JOB_H_
#define QUANTD_TESTS_TESTING_ENGINE_JOB_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "engine/jobs/job.h"
#include "proto/quantd/v1/job.pb.h"

namespace quantd::testing {

// A blob that stands for the file at `path`.
v1::BlobRef FileBlob(const std::string& path);

// Runs `spec`, whose blobs came from FileBlob() and whose data set ids are
// paths of LMDB directories. Warnings are added to `warnings` unless null.
absl::StatusOr<JobOutput> RunOnFiles(
    const v1::JobSpec& spec, std::vector<v1::JobWarning>* warnings = nullptr);

// The contents of the file of `output` whose name ends in `suffix`; empty if
// there is none.
std::string FileEndingIn(const JobOutput& output, const std::string& suffix);

}  // namespace quantd::testing

#endif  // QUANTD_TESTS_TESTING_ENGINE_JOB_H_
