// Submits a job and watches it until its end, with progress on stderr.
#ifndef QUANTD_CLIENT_CLI_FOLLOW_JOB_H_
#define QUANTD_CLIENT_CLI_FOLLOW_JOB_H_

#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "client/cli/command_context.h"
#include "proto/quantd/v1/job.pb.h"

namespace quantd {

// Watches job `id` from the event after `after`, shows its progress and its
// warnings, gives each event to `visitor` (false: enough), and returns the job
// as it then is.
// Errors: the calls'; after Ctrl-C Interrupted(), whose message says how to
// re-attach and how to cancel. With --local Ctrl-C cancels the job.
absl::StatusOr<v1::Job> FollowJob(
    CommandContext& context, const std::string& id, int64_t after = 0,
    absl::FunctionRef<bool(const v1::JobEvent&)> visitor =
        [](const v1::JobEvent&) { return true; });

// Creates the job and follows it; prints the id as soon as it is known.
absl::StatusOr<v1::Job> RunJobOnServer(CommandContext& context,
                                       const v1::JobSpec& spec);

// Prints why a FAILED or CANCELLED job ended; nothing for others. Returns the
// exit code.
int ReportJobEnd(CommandContext& context, const v1::Job& job);

}  // namespace quantd

#endif  // QUANTD_CLIENT_CLI_FOLLOW_JOB_H_
