#include "client/cli/help.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "client/cli/global_flags.h"

namespace quantd {
namespace {

constexpr size_t kMaxColumns = 78;

// `left` in a column of `width`, then `right` wrapped beside it.
void AppendTwoColumns(const std::string& left, size_t width,
                      const std::string& right, std::string* text) {
  std::string line = absl::StrCat("  ", left);
  line.resize(std::max(line.size() + 1, width + 4), ' ');
  const std::string indent(width + 4, ' ');
  bool empty = true;
  for (absl::string_view word : absl::StrSplit(right, ' ')) {
    if (!empty && line.size() + 1 + word.size() > kMaxColumns) {
      absl::StrAppend(text, line, "\n");
      line = indent;
      empty = true;
    }
    absl::StrAppend(&line, empty ? "" : " ", word);
    empty = false;
  }
  absl::StrAppend(text, line, "\n");
}

std::string FlagUsage(const FlagSpec& flag) {
  return absl::StrCat("--", flag.name, flag.value.empty() ? "" : " ",
                      flag.value);
}

void AppendFlags(const std::vector<FlagSpec>& flags, std::string* text) {
  size_t width = 0;
  for (const FlagSpec& flag : flags) {
    width = std::max(width, FlagUsage(flag).size());
  }
  for (const FlagSpec& flag : flags) {
    AppendTwoColumns(FlagUsage(flag), width,
                     flag.required ? flag.help + " (required)" : flag.help,
                     text);
  }
}

}  // namespace

std::string HelpOverview(const std::vector<Command>& commands) {
  std::string text =
      "quantctl quantizes Caffe models with a quantd server.\n\n"
      "Usage:\n  quantctl COMMAND [flags]\n\nCommands:\n";
  size_t width = 0;
  for (const Command& command : commands) {
    width = std::max(width, command.name.size());
  }
  for (const Command& command : commands) {
    AppendTwoColumns(command.name, width, command.summary, &text);
  }
  absl::StrAppend(&text,
                  "\n`quantctl help COMMAND` shows flags and examples.\n\n"
                  "Flags of every command:\n");
  AppendFlags(GlobalFlags(), &text);
  absl::StrAppend(
      &text,
      "\nExit codes:\n"
      "  0 ok · 1 failure · 2 usage · 3 the job failed or was cancelled\n"
      "  4 not authenticated or not allowed · 5 not found · 6 deadline\n"
      "  7 server unavailable · 8 quota · 130 Ctrl-C, the job goes on\n");
  return text;
}

std::string HelpOfCommand(const Command& command) {
  std::string text =
      absl::StrCat("quantctl ", command.name, ": ", command.summary,
                   "\n\nUsage:\n  quantctl ", command.name, " ", command.usage,
                   "\n\n", command.details, "\n");
  if (!command.flags.empty()) {
    absl::StrAppend(&text, "\nFlags:\n");
    AppendFlags(command.flags, &text);
  }
  absl::StrAppend(&text, "\nExamples:\n");
  for (absl::string_view line :
       absl::StrSplit(command.examples, '\n', absl::SkipEmpty())) {
    absl::StrAppend(&text, "  ", line, "\n");
  }
  absl::StrAppend(&text,
                  "\n`quantctl help` lists the flags of every command and the "
                  "exit codes.\n");
  return text;
}

}  // namespace quantd
