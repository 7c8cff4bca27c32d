// The flags that name a model, its data and how images become input: those of
// calibrate and evaluate; convert has the first two.
#ifndef QUANTD_CLIENT_CLI_MODEL_FLAGS_H_
#define QUANTD_CLIENT_CLI_MODEL_FLAGS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/cli/command_context.h"
#include "client/cli/flags.h"
#include "proto/quantd/v1/job.pb.h"

namespace quantd {

// Of --batch-size.
inline constexpr int64_t kMaxBatchSize = 1 << 16;

// --model and --weights.
std::vector<FlagSpec> ModelFileFlags();

// --data, --batch-size and the transform's.
std::vector<FlagSpec> DataFlags();

// Both.
std::vector<FlagSpec> ModelFlags();

// Checks the files of --model and --weights: nothing is sent yet.
// Errors: FAILED_PRECONDITION with a reason.
absl::Status CheckModelFileFlags(const ParsedFlags& flags);

// Checks all of DataFlags(): nothing is sent yet.
// Errors: USAGE; FAILED_PRECONDITION with a reason for files.
absl::Status CheckDataFlags(const ParsedFlags& flags);

// Checks all of ModelFlags(): nothing is sent yet.
// Errors: USAGE; FAILED_PRECONDITION with a reason for files.
absl::Status CheckModelFlags(const ParsedFlags& flags);

// The transform's numbers; the mean file is uploaded by UploadTransform.
// Errors: USAGE.
absl::StatusOr<v1::Transform> ReadTransform(const ParsedFlags& flags);

// Uploads one file, with progress.
absl::StatusOr<v1::BlobRef> UploadFile(CommandContext& context,
                                       const std::string& path);

// Uploads prototxt and, if --weights is given, weights.
absl::StatusOr<v1::Model> UploadModel(CommandContext& context);

// ReadTransform, with the mean file uploaded.
absl::StatusOr<v1::Transform> UploadTransform(CommandContext& context);

// Checks that the words of --data or --eval-data name something to upload, or a
// data set of the server by its form. Errors: those of OpenRecords().
absl::Status CheckData(const std::vector<std::string>& data);

// Uploads the first `max_records` records (0: all) of `data`, as OpenRecords()
// takes it, with progress; returns the data set's id. An id is returned as it
// is. `display_name`: empty for that of the first path.
absl::StatusOr<std::string> UploadData(CommandContext& context,
                                       const std::vector<std::string>& data,
                                       int64_t max_records,
                                       const std::string& display_name = "");

}  // namespace quantd

#endif  // QUANTD_CLIENT_CLI_MODEL_FLAGS_H_
