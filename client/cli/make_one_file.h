// What the commands whose job writes one file have in common: --out names the
// file, not a directory.
// Not here: jobs of several files (make_files.h).
#ifndef QUANTD_CLIENT_CLI_MAKE_ONE_FILE_H_
#define QUANTD_CLIENT_CLI_MAKE_ONE_FILE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/cli/command_context.h"
#include "proto/quantd/v1/job.pb.h"

namespace quantd {

// Creates the directory of `path`. Call when all else is checked. `example`: a
// file name to propose. Errors: usage error if `path` is a directory.
absl::Status PrepareOutFile(const std::string& path,
                            const std::string& example);

// Submits the job, follows it, and writes its artifact `name` to `path`;
// returns the exit code, and the job to `job`.
// Errors: NOT_FOUND, ARTIFACT_NOT_FOUND if the job has no such file.
absl::StatusOr<int> MakeOneFile(CommandContext& context,
                                const v1::JobSpec& spec,
                                const std::string& name,
                                const std::string& path, v1::Job* job);

}  // namespace quantd

#endif  // QUANTD_CLIENT_CLI_MAKE_ONE_FILE_H_
