// quantctl as a function: arguments in, exit code out.
#ifndef QUANTD_CLIENT_CLI_RUN_H_
#define QUANTD_CLIENT_CLI_RUN_H_

#include <string>
#include <vector>

#include "client/cancel_token.h"
#include "client/cli/streams.h"

namespace quantd {

// args: without the program's name. cancel: Ctrl-C; outlives the call.
// Returns an exit code of exit_code.h; errors are printed.
int RunQuantctl(const std::vector<std::string>& args, const Streams& streams,
                CancelToken* cancel);

}  // namespace quantd

#endif  // QUANTD_CLIENT_CLI_RUN_H_
