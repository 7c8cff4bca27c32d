// What a command of quantctl is: its words, its help, its flags, its function.
// Not here: the list of commands (commands.inc, command_table.h).
#ifndef QUANTD_CLIENT_CLI_COMMAND_H_
#define QUANTD_CLIENT_CLI_COMMAND_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/cli/flags.h"

namespace quantd {

class CommandContext;

struct Command {
  // "job list".
  std::string name;
  // One line, lower case, for the overview.
  std::string summary;
  // What follows the name: "JOB [flags]".
  std::string usage;
  // Paragraphs, wrapped at 78 columns.
  std::string details;
  // A command line per line.
  std::string examples;
  std::vector<FlagSpec> flags;
  // Number of words after the name.
  int min_words = 0;
  int max_words = 0;
  // --local makes sense: the command needs no job from before.
  bool allows_local = false;
  // Returns the exit code, or an error that gives it (exit_code.h).
  absl::StatusOr<int> (*run)(CommandContext& context) = nullptr;
};

// All commands, in the order of the overview.
const std::vector<Command>& AllCommands();

}  // namespace quantd

#endif  // QUANTD_CLIENT_CLI_COMMAND_H_
