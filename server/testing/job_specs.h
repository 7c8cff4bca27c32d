// Jobs and directories for tests of the server.
#ifndef QUANTD_SERVER_TESTING_JOB_SPECS_H_
#define QUANTD_SERVER_TESTING_JOB_SPECS_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "proto/quantd/v1/job.pb.h"
#include "storage/store.h"

namespace quantd::testing {

// A new, empty directory below TEST_TMPDIR.
std::string FreshDataDir();

// Keys and values of a tiny data set, and its digest as in v1::Dataset.sha256.
std::vector<std::pair<std::string, std::string>> TinyRecords();
std::string TinyRecordsSha256();

// Stores a prototxt of the bytes `model`, weights and a data set; returns an
// EVALUATE spec that names them.
absl::StatusOr<v1::JobSpec> StoreEvaluateSpec(storage::Store* store,
                                              const std::string& model);

}  // namespace quantd::testing

#endif  // QUANTD_SERVER_TESTING_JOB_SPECS_H_
