// --annotations and what goes with it: how detections are graded.
#ifndef QUANTD_CLIENT_CLI_DETECTION_FLAGS_H_
#define QUANTD_CLIENT_CLI_DETECTION_FLAGS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/optional.h"
#include "client/cli/command_context.h"
#include "client/cli/flags.h"
#include "proto/quantd/v1/job.pb.h"

namespace quantd {

std::vector<FlagSpec> DetectionFlags();

// What the flags say, read and checked.
struct DetectionRequest {
  v1::DetectionSpec spec;  // Without truths.
  std::string truths;      // The text of spec.truths.
};

// Nothing without --annotations: class scores are graded. Nothing is sent yet.
// Errors: USAGE; those of ReadAnnotations().
absl::StatusOr<absl::optional<DetectionRequest>> ReadDetection(
    const ParsedFlags& flags);

// Uploads the true boxes, under the name of the list that they come from.
absl::StatusOr<v1::DetectionSpec> UploadDetection(CommandContext& context,
                                                  DetectionRequest request);

}  // namespace quantd

#endif  // QUANTD_CLIENT_CLI_DETECTION_FLAGS_H_
