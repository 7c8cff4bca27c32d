// What a terminal or a pipe shows of a VERIFY job's result.
#ifndef QUANTD_CLIENT_CLI_VERIFY_REPORT_H_
#define QUANTD_CLIENT_CLI_VERIFY_REPORT_H_

#include "client/cli/command_context.h"
#include "client/cli/output/table.h"
#include "proto/quantd/v1/job.pb.h"

namespace quantd {

// For scripts: verdict, images, top-1 agreement and every failure on a line of
// its own, and for each layer the share of integers that differ and the most
// steps.
void AddVerifyRows(const v1::VerifyResult& verify, Table* table);

// For people: a table of layers, the worst of them, the failures, the verdict.
void PrintVerify(CommandContext& context, const v1::VerifyResult& verify);

}  // namespace quantd

#endif  // QUANTD_CLIENT_CLI_VERIFY_REPORT_H_
