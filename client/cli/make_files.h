// What the commands that make files by a job have in common: --detach and --out
// before it, submitting, following, fetching and printing after the uploads.
#ifndef QUANTD_CLIENT_CLI_MAKE_FILES_H_
#define QUANTD_CLIENT_CLI_MAKE_FILES_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/cli/command_context.h"
#include "client/cli/flags.h"
#include "proto/quantd/v1/job.pb.h"

namespace quantd {

// --detach and --out.
std::vector<FlagSpec> MakeFilesFlags();

// Errors: usage errors where --detach and --out do not fit.
absl::Status CheckMakeFilesFlags(const CommandContext& context);

// Creates --out, unless --detach is set. Call when all else is checked.
absl::Status PrepareOut(const CommandContext& context);

// Submits the job; unless --detach is set, follows it, writes its artifacts to
// --out and prints the report. Returns the exit code. `next`: the command that
// the hint at the end proposes, followed by the job's id; may be empty.
absl::StatusOr<int> MakeFiles(CommandContext& context, const v1::JobSpec& spec,
                              const std::string& next);

}  // namespace quantd

#endif  // QUANTD_CLIENT_CLI_MAKE_FILES_H_
