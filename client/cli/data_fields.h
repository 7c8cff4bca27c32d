// The fields that the specs of jobs on a data set have in common: EvaluateSpec,
// CompareSpec, VerifySpec.
#ifndef QUANTD_CLIENT_CLI_DATA_FIELDS_H_
#define QUANTD_CLIENT_CLI_DATA_FIELDS_H_

#include <cstdint>

#include "absl/status/status.h"
#include "base/status_macros.h"
#include "client/cli/command_context.h"
#include "client/cli/flags.h"
#include "client/cli/model_flags.h"

namespace quantd {

// --max-records; 0: all. Errors: usage error.
inline absl::StatusOr<int64_t> MaxRecords(const ParsedFlags& flags) {
  return flags.GetInt("max-records", 1, int64_t{1} << 40, 0);
}

// Uploads mean file and data, and sets batch_size, max_records, transform and
// dataset_id of `spec` from the flags. Call when the flags are checked.
template <typename Spec>
absl::Status SetDataFields(CommandContext& context, Spec* spec) {
  const ParsedFlags& flags = context.flags();
  ASSIGN_OR_RETURN(const int64_t batch_size,
                   flags.GetInt("batch-size", 1, kMaxBatchSize, 0));
  ASSIGN_OR_RETURN(const int64_t max_records, MaxRecords(flags));
  spec->set_batch_size(static_cast<int32_t>(batch_size));
  spec->set_max_records(max_records);
  ASSIGN_OR_RETURN(const v1::Transform transform, UploadTransform(context));
  if (transform.ByteSizeLong() > 0) *spec->mutable_transform() = transform;
  ASSIGN_OR_RETURN(*spec->mutable_dataset_id(),
                   UploadData(context, flags.GetAll("data"), max_records));
  return absl::OkStatus();
}

}  // namespace quantd

#endif  // QUANTD_CLIENT_CLI_DATA_FIELDS_H_
