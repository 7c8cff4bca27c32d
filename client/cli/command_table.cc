#include "client/cli/command.h"

namespace quantd {

#define QUANTCTL_COMMAND(Make) Command Make();
#include "client/cli/commands.inc"
#undef QUANTCTL_COMMAND

const std::vector<Command>& AllCommands() {
  static const auto* const commands = new std::vector<Command>{
#define QUANTCTL_COMMAND(Make) Make(),
#include "client/cli/commands.inc"
#undef QUANTCTL_COMMAND
  };
  return *commands;
}

}  // namespace quantd
