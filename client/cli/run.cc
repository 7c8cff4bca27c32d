#include "client/cli/run.h"

#include <algorithm>
#include <ostream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "client/cli/command.h"
#include "client/cli/command_context.h"
#include "client/cli/error_output.h"
#include "client/cli/exit_code.h"
#include "client/cli/global_flags.h"
#include "client/cli/help.h"

namespace quantd {
namespace {

// The command that the first words name, two before one; null if none. Sets
// `num_words`.
const Command* FindCommand(const std::vector<std::string>& words,
                           size_t* num_words) {
  for (size_t length = std::min<size_t>(2, words.size()); length > 0;
       --length) {
    const std::string name =
        absl::StrJoin(words.begin(), words.begin() + length, " ");
    for (const Command& command : AllCommands()) {
      if (command.name == name) {
        *num_words = length;
        return &command;
      }
    }
  }
  return nullptr;
}

// The commands of a group such as "job".
std::vector<Command> CommandsOfGroup(const std::string& group) {
  std::vector<Command> commands;
  for (const Command& command : AllCommands()) {
    if (absl::StartsWith(command.name, group + " ")) {
      commands.push_back(command);
    }
  }
  return commands;
}

absl::Status UnknownCommand(const std::vector<std::string>& words) {
  std::vector<std::string> names;
  for (const Command& command : AllCommands()) names.push_back(command.name);
  names.push_back("help");
  const std::string& group = words[0];
  if (const auto commands = CommandsOfGroup(group);
      !commands.empty() && words.size() == 1) {
    return UsageError(absl::StrCat(
        "quantctl ", group, " needs a verb; give ",
        absl::StrJoin(commands, " or ", [](std::string* out, const Command& c) {
          absl::StrAppend(out, "`", c.name, "`");
        })));
  }
  const std::string two = absl::StrJoin(
      words.begin(), words.begin() + std::min<size_t>(2, words.size()), " ");
  std::string nearest = NearestName(two, names);
  if (nearest.empty()) nearest = NearestName(group, names);
  return UsageError(absl::StrCat(
      "unknown command \"", two, "\"; ",
      nearest.empty()
          ? "`quantctl help` lists the commands"
          : absl::StrCat("did you mean `quantctl ", nearest, "`?")));
}

// `quantctl help [command]`.
absl::Status ShowHelp(const std::vector<std::string>& words,
                      std::ostream* out) {
  size_t num_words = 0;
  if (words.empty()) {
    *out << HelpOverview(AllCommands());
  } else if (const Command* command = FindCommand(words, &num_words)) {
    *out << HelpOfCommand(*command);
  } else if (const auto group = CommandsOfGroup(words[0]); !group.empty()) {
    for (const Command& member : group) {
      *out << "quantctl " << member.name << ": " << member.summary << "\n";
    }
  } else {
    return UnknownCommand(words);
  }
  return absl::OkStatus();
}

absl::Status CheckWords(const Command& command, const ParsedFlags& flags) {
  const int count = static_cast<int>(flags.words().size());
  const std::string usage =
      absl::StrCat("; usage: quantctl ", command.name, " ", command.usage);
  if (count < command.min_words) {
    return UsageError(absl::StrCat("an argument is missing", usage));
  }
  if (count > command.max_words) {
    return UsageError(absl::StrCat("unexpected argument \"",
                                   flags.words()[command.max_words], "\"",
                                   usage));
  }
  return absl::OkStatus();
}

// One command line, taken apart.
struct Invocation {
  const Command* command = nullptr;
  ParsedFlags flags;
  GlobalSettings settings;
};

// Splits the line into flags before the command, the command's words and the
// rest. `invocation.command` stays null when help was shown.
absl::Status Prepare(const std::vector<std::string>& args,
                     const Streams& streams, Invocation* invocation) {
  const size_t leading = CountLeadingFlags(args, GlobalFlags());
  std::vector<std::string> flags(args.begin(), args.begin() + leading);
  std::vector<std::string> words(args.begin() + leading, args.end());
  if (words.empty() || words[0] == "help") {
    ASSIGN_OR_RETURN(const ParsedFlags parsed,
                     ParsedFlags::Parse(flags, GlobalFlags()));
    if (words.empty() && !parsed.Has("help")) {
      return UsageError("a command is missing; `quantctl help` lists them");
    }
    if (!words.empty()) words.erase(words.begin());
    return ShowHelp(words, streams.out);
  }
  size_t num_words = 0;
  const Command* command = FindCommand(words, &num_words);
  if (command == nullptr) {
    if (words.size() > 1 && (words[1] == "--help" || words[1] == "-h")) {
      return ShowHelp({words[0]}, streams.out);
    }
    return UnknownCommand(words);
  }
  std::vector<FlagSpec> specs = command->flags;
  specs.insert(specs.end(), GlobalFlags().begin(), GlobalFlags().end());
  flags.insert(flags.end(), words.begin() + num_words, words.end());
  ASSIGN_OR_RETURN(invocation->flags, ParsedFlags::Parse(flags, specs));
  if (invocation->flags.Has("help")) {
    *streams.out << HelpOfCommand(*command);
    return absl::OkStatus();
  }
  RETURN_IF_ERROR(CheckWords(*command, invocation->flags));
  RETURN_IF_ERROR(invocation->flags.CheckRequired(specs));
  ASSIGN_OR_RETURN(invocation->settings,
                   ReadGlobalSettings(invocation->flags, streams));
  if (invocation->settings.local && !command->allows_local) {
    return UsageError(
        absl::StrCat("--local starts an empty server, which has "
                     "nothing for `quantctl ",
                     command->name, "`; remove it"));
  }
  invocation->command = command;
  return absl::OkStatus();
}

// True when errors must be JSON even if the command line was refused.
bool WantsJson(const std::vector<std::string>& args) {
  for (size_t i = 0; i < args.size(); ++i) {
    if (args[i] == "-o=json" || args[i] == "--output=json") return true;
    if ((args[i] == "-o" || args[i] == "--output") && i + 1 < args.size() &&
        args[i + 1] == "json") {
      return true;
    }
  }
  return false;
}

}  // namespace

int RunQuantctl(const std::vector<std::string>& args, const Streams& streams,
                CancelToken* cancel) {
  ErrorOutputOptions options;
  options.json = WantsJson(args);
  Invocation invocation;
  if (const absl::Status status = Prepare(args, streams, &invocation);
      !status.ok()) {
    PrintError(status, options, streams.err);
    return ExitCodeOf(status);
  }
  if (invocation.command == nullptr) return kExitOk;
  options.color = invocation.settings.color && streams.err_terminal;
  CommandContext context(std::move(invocation.flags),
                         std::move(invocation.settings), streams, cancel);
  const absl::StatusOr<int> result = invocation.command->run(context);
  streams.out->flush();
  if (result.ok()) return *result;
  options.address = context.address();
  if (ErrorReason(result.status()) == "INTERRUPTED") {
    *streams.err << result.status().message() << "\n";
    return kExitInterrupted;
  }
  if (cancel != nullptr && cancel->cancelled()) {
    *streams.err << "interrupted\n";
    return kExitInterrupted;
  }
  PrintError(result.status(), options, streams.err);
  return ExitCodeOf(result.status());
}

}  // namespace quantd
