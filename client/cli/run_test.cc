#include "client/cli/run.h"

#include "client/cli/run_for_test.h"
#include "gtest/gtest.h"

namespace quantd {
namespace {

using testing::CliResult;
using testing::RunCli;

void ExpectUsage(const std::vector<std::string>& args,
                 const std::string& message) {
  const CliResult result = RunCli(args);
  EXPECT_EQ(result.exit_code, 2) << message;
  EXPECT_EQ(result.out, "");
  EXPECT_NE(result.err.find(message), std::string::npos) << result.err;
}

TEST(RunTest, UnknownCommandsGetASuggestion) {
  ExpectUsage({}, "error: a command is missing\n`quantctl help` lists them\n");
  ExpectUsage({"calibrat"},
              "error: unknown command \"calibrat\"\n"
              "did you mean `quantctl calibrate`?\n");
  ExpectUsage({"job", "lst"}, "did you mean `quantctl job list`?");
  ExpectUsage({"dance"}, "`quantctl help` lists the commands");
  ExpectUsage({"artifact"}, "give `artifact list` or `artifact fetch`");
  ExpectUsage({"help", "dance"}, "unknown command");
}

TEST(RunTest, GroupsShowTheirCommands) {
  const CliResult result = RunCli({"artifact", "--help"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_NE(result.out.find("quantctl artifact fetch: "), std::string::npos);
}

TEST(RunTest, ArgumentsAreCounted) {
  ExpectUsage({"job", "show"}, "an argument is missing");
  ExpectUsage({"job", "show", "a", "b"}, "unexpected argument \"b\"");
  ExpectUsage({"version", "now"}, "unexpected argument \"now\"");
}

TEST(RunTest, BadFlagsAreUsage) {
  ExpectUsage({"--adress=a:1", "version"}, "did you mean --address?");
  ExpectUsage({"version", "--outptu", "json"}, "did you mean --output?");
  ExpectUsage({"version", "-o", "yaml"}, "give table, json or name");
  ExpectUsage({"job", "list", "--local"}, "--local starts an empty server");
  ExpectUsage({"version", "--address", "host"}, "is not HOST:PORT");
  ExpectUsage({"job", "list", "--state", "WALKING"}, "WALKING");
}

TEST(RunTest, UsageErrorsAreJsonToo) {
  const CliResult result = RunCli({"calibrat", "-o", "json"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_EQ(result.err.find("{\"code\":\"INVALID_ARGUMENT\",\"reason\":"
                            "\"USAGE\""),
            0);
}

TEST(RunTest, UnreachableServerIsSeven) {
  const CliResult result = RunCli({"job", "list", "--address", "127.0.0.1:1"});
  EXPECT_EQ(result.exit_code, 7);
  EXPECT_NE(result.err.find("is quantd running at 127.0.0.1:1?"),
            std::string::npos);
}

TEST(RunTest, VersionNeedsNoServer) {
  const CliResult result = RunCli({"version", "--address", "127.0.0.1:1"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.out.find("quantctl\t0."), 0);
  EXPECT_EQ(RunCli({"version", "-o", "name"}).out, "0.1.0\n");
}

}  // namespace
}  // namespace quantd
