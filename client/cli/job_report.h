// A job's result as tables.
#ifndef QUANTD_CLIENT_CLI_JOB_REPORT_H_
#define QUANTD_CLIENT_CLI_JOB_REPORT_H_

#include <string>
#include <vector>

#include "client/cli/command_context.h"
#include "client/cli/output/table.h"
#include "proto/quantd/v1/job.pb.h"

namespace quantd {

// On a terminal: accuracy before and after, layers, time by phase, memory. In a
// pipe: one value a line, "float.top1 <tab> 0.9465". paths: files written, may
// be empty.
void PrintJobReport(CommandContext& context, const v1::Job& job,
                    const std::vector<std::string>& paths);

// A coloured state.
Cell StateCell(v1::JobState state);

}  // namespace quantd

#endif  // QUANTD_CLIENT_CLI_JOB_REPORT_H_
