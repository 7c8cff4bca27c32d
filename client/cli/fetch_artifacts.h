// A job's files into a directory.
#ifndef QUANTD_CLIENT_CLI_FETCH_ARTIFACTS_H_
#define QUANTD_CLIENT_CLI_FETCH_ARTIFACTS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/cli/command_context.h"
#include "proto/quantd/v1/job.pb.h"

namespace quantd {

// What of `name`, chosen by a server, may become a file name here: its last
// component, without control characters. Empty if nothing is left, or it
// starts with '.'.
std::string SafeFileName(const std::string& name);

// Creates `directory` with its parents unless it is there, and checks that
// files can be written in it.
// Errors: FAILED_PRECONDITION, FILE_WRITE_FAILED.
absl::Status PrepareDirectory(const std::string& directory);

// Fetches those of `artifacts` into `directory`, with progress. Returns their
// paths, in order.
// Errors: the transfer's; DATA_LOSS, ARTIFACT_CORRUPT for a name that cannot be
// a file, or two of the same.
absl::StatusOr<std::vector<std::string>> FetchArtifacts(
    CommandContext& context, const std::vector<v1::Artifact>& artifacts,
    const std::string& directory);

}  // namespace quantd

#endif  // QUANTD_CLIENT_CLI_FETCH_ARTIFACTS_H_
