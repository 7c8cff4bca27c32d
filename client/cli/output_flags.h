// The flags that name and choose the files of a quantized model: those of
// calibrate and convert, and the target, which config create has, too.
#ifndef QUANTD_CLIENT_CLI_OUTPUT_FLAGS_H_
#define QUANTD_CLIENT_CLI_OUTPUT_FLAGS_H_

#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/cli/flags.h"
#include "proto/quantd/v1/job.pb.h"

namespace quantd {

// --name, --save and --target.
std::vector<FlagSpec> OutputFlags();

FlagSpec TargetFlag();

// --save deploy, fakequant or both (also as AMCT spells them: Deploy,
// Fakequant, Both); both if it is absent. Errors: USAGE.
absl::StatusOr<v1::SaveType> ReadSaveType(const ParsedFlags& flags);

// --target ss928 or ascend; ss928 if it is absent. Errors: USAGE.
absl::StatusOr<v1::Target> ReadTarget(const ParsedFlags& flags);

// Errors: USAGE.
absl::Status CheckOutputFlags(const ParsedFlags& flags);

}  // namespace quantd

#endif  // QUANTD_CLIENT_CLI_OUTPUT_FLAGS_H_
