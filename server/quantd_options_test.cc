#include "server/quantd_options.h"

#include <string>
#include <vector>

#include "base/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace quantd {
namespace {

using ::quantd::testing::HasReason;
using ::quantd::testing::StatusIs;
using ::testing::HasSubstr;

absl::StatusOr<QuantdOptions> Parse(std::vector<std::string> flags) {
  flags.insert(flags.begin(), "quantd");
  return ParseQuantdOptions(flags);
}

TEST(QuantdOptionsTest, BothFormsOfAFlagAreRead) {
  ASSERT_OK_AND_ASSIGN(const QuantdOptions options,
                       Parse({"--data_dir=/d", "--cpu_slots", "3",
                              "--listen=unix:/s", "--http_listen=none"}));
  EXPECT_EQ(options.data_dir, "/d");
  EXPECT_EQ(options.cpu_slots, 3);
  EXPECT_EQ(options.listen, "unix:/s");
  EXPECT_EQ(options.log_level, "info");
}

TEST(QuantdOptionsTest, EveryBadFlagIsNamed) {
  const struct {
    std::vector<std::string> flags;
    const char* message;
  } cases[] = {
      {{}, "--data_dir: required"},
      {{"--data_dir"}, "needs a value"},
      {{"--data_dir=/d", "--cpu_slot=1"}, "did you mean --cpu_slots?"},
      {{"--data_dir=/d", "--zzzzzzzzzzzz=1"}, "see --help"},
      {{"--data_dir=/d", "--cpu_slots=many"}, "--cpu_slots: \"many\""},
      {{"--data_dir=/d", "--cpu_slots=0"}, "1..256"},
      {{"--data_dir=/d", "--cpu_slots=-1"}, "1..256"},
      {{"--data_dir=/d", "--threads_per_slot=9999"}, "0..1024"},
      {{"--data_dir=/d", "--listen=50051"}, "HOST:PORT"},
      {{"--data_dir=/d", "--listen=h:70000"}, "HOST:PORT"},
      {{"--data_dir=/d", "--listen=unix:"}, "1 to 107 bytes"},
      {{"--data_dir=/d", "--http_listen=x"}, "--http_listen"},
      {{"--data_dir=/d", "--log_level=loud"}, "debug, info"},
      {{"--data_dir=/d", "--log_format=xml"}, "text, json"},
      {{"data"}, "--name=value"},
  };
  for (const auto& test : cases) {
    const auto options = Parse(test.flags);
    EXPECT_THAT(options, HasReason("FLAG_INVALID"));
    EXPECT_THAT(options,
                StatusIs(absl::StatusCode::kInvalidArgument, test.message));
  }
}

TEST(QuantdOptionsTest, GpusAreNotBuilt) {
  EXPECT_THAT(Parse({"--data_dir=/d", "--gpus=all"}),
              HasReason("FEATURE_NOT_BUILT"));
  EXPECT_OK(Parse({"--data_dir=/d", "--gpus=none"}));
}

TEST(QuantdOptionsTest, HelpNamesEveryFlag) {
  ASSERT_OK_AND_ASSIGN(const QuantdOptions options, Parse({"--help"}));
  EXPECT_TRUE(options.help);
  EXPECT_THAT(QuantdHelp(), HasSubstr("--threads_per_slot=N"));
}

}  // namespace
}  // namespace quantd
