// Help texts from the table of commands: the one source of the manual.
#ifndef QUANTD_CLIENT_CLI_HELP_H_
#define QUANTD_CLIENT_CLI_HELP_H_

#include <string>
#include <vector>

#include "client/cli/command.h"

namespace quantd {

// `quantctl help`: commands, global flags, exit codes.
std::string HelpOverview(const std::vector<Command>& commands);

// `quantctl help job list`.
std::string HelpOfCommand(const Command& command);

}  // namespace quantd

#endif  // QUANTD_CLIENT_CLI_HELP_H_
