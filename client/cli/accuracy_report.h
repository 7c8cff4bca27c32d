// What a terminal or a pipe shows of accuracy: of class scores or detections,
// of one network, or of a float and a quantized one side by side.
#ifndef QUANTD_CLIENT_CLI_ACCURACY_REPORT_H_
#define QUANTD_CLIENT_CLI_ACCURACY_REPORT_H_

#include "client/cli/command_context.h"
#include "client/cli/output/table.h"
#include "proto/quantd/v1/job.pb.h"

namespace quantd {

// For scripts: every value on a line of its own, "float.top1 <tab> 0.9465".
// None for results without accuracy.
void AddAccuracyRows(const v1::JobResult& result, Table* table);

// For people: a table. Nothing for results without accuracy.
void PrintAccuracy(CommandContext& context, const v1::JobResult& result);

}  // namespace quantd

#endif  // QUANTD_CLIENT_CLI_ACCURACY_REPORT_H_
