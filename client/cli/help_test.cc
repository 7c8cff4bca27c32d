// Help texts are frozen by files: testdata/help/<command>.txt, and
// quantctl.txt for the overview. To change one on purpose:
//   bazel run //client/cli:help_test -- --update=$PWD/client/cli/testdata/help
#include "client/cli/help.h"

#include <fstream>
#include <iterator>

#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "client/cli/run_for_test.h"
#include "gtest/gtest.h"

namespace quantd {
namespace {

using testing::CliResult;
using testing::RunCli;

constexpr char kDirectory[] = "client/cli/testdata/help";

std::string update_directory;  // NOLINT: set once by main.

void ExpectGolden(const std::string& name, const std::string& text) {
  const std::string file =
      absl::StrReplaceAll(name, {{" ", "_"}}) + std::string(".txt");
  if (!update_directory.empty()) {
    std::ofstream(update_directory + "/" + file) << text;
    return;
  }
  std::ifstream golden(std::string(kDirectory) + "/" + file);
  ASSERT_TRUE(golden.good()) << file << " is missing";
  const std::string expected((std::istreambuf_iterator<char>(golden)),
                             std::istreambuf_iterator<char>());
  EXPECT_EQ(text, expected) << file;
}

TEST(HelpTest, EveryCommandsHelpIsFrozen) {
  for (const Command& command : AllCommands()) {
    ExpectGolden(command.name, HelpOfCommand(command));
  }
}

TEST(HelpTest, OverviewIsFrozen) {
  ExpectGolden("quantctl", HelpOverview(AllCommands()));
}

TEST(HelpTest, LinesFitIntoATerminal) {
  for (const Command& command : AllCommands()) {
    for (absl::string_view line :
         absl::StrSplit(HelpOfCommand(command), '\n')) {
      EXPECT_LE(line.size(), 80) << command.name << ": " << line;
    }
    EXPECT_TRUE(absl::StrContains(command.examples, "quantctl " + command.name))
        << command.name;
  }
}

TEST(HelpTest, HelpFlagAndHelpCommandAgree) {
  for (const Command& command : AllCommands()) {
    const std::vector<std::string> words = absl::StrSplit(command.name, ' ');
    std::vector<std::string> with_flag = words;
    with_flag.push_back("--help");
    std::vector<std::string> with_command = {"help"};
    with_command.insert(with_command.end(), words.begin(), words.end());
    const CliResult result = RunCli(with_flag);
    EXPECT_EQ(result.exit_code, 0);
    EXPECT_EQ(result.out, HelpOfCommand(command));
    EXPECT_EQ(RunCli(with_command).out, result.out);
  }
  EXPECT_EQ(RunCli({"--help"}).out, HelpOverview(AllCommands()));
  EXPECT_EQ(RunCli({"help"}).out, HelpOverview(AllCommands()));
}

}  // namespace
}  // namespace quantd

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  if (argc > 1 && absl::StartsWith(argv[1], "--update=")) {
    quantd::update_directory = argv[1] + 9;
  }
  return RUN_ALL_TESTS();
}
