#include "client/cli/global_flags.h"

#include "base/testing/status_matchers.h"

namespace quantd {
namespace {

using testing::HasReason;

absl::StatusOr<GlobalSettings> Read(const std::vector<std::string>& args,
                                    const std::string& address_variable = "",
                                    const std::string& no_color = "") {
  Streams streams;
  streams.out_terminal = true;
  streams.environment = [=](const std::string& name) -> std::string {
    if (name == "QUANTCTL_ADDRESS") return address_variable;
    if (name == "NO_COLOR") return no_color;
    return "";
  };
  ASSIGN_OR_RETURN(const ParsedFlags flags,
                   ParsedFlags::Parse(args, GlobalFlags()));
  return ReadGlobalSettings(flags, streams);
}

std::string SourceOf(const GlobalSettings& settings, const std::string& name) {
  for (const SettingSource& setting : settings.sources) {
    if (setting.name == name) return setting.source;
  }
  return "";
}

TEST(GlobalFlagsTest, Defaults) {
  ASSERT_OK_AND_ASSIGN(const GlobalSettings settings, Read({}));
  EXPECT_EQ(settings.address, "127.0.0.1:50051");
  EXPECT_EQ(settings.timeout, absl::InfiniteDuration());
  EXPECT_EQ(settings.output, OutputFormat::kTable);
  EXPECT_TRUE(settings.color);
  EXPECT_EQ(SourceOf(settings, "address"), "default");
}

TEST(GlobalFlagsTest, FlagBeatsEnvironmentBeatsDefault) {
  ASSERT_OK_AND_ASSIGN(GlobalSettings settings, Read({}, "env:1"));
  EXPECT_EQ(settings.address, "env:1");
  EXPECT_EQ(SourceOf(settings, "address"), "environment (QUANTCTL_ADDRESS)");
  ASSERT_OK_AND_ASSIGN(settings, Read({"--address=flag:1"}, "env:1"));
  EXPECT_EQ(settings.address, "flag:1");
  EXPECT_EQ(SourceOf(settings, "address"), "flag");
}

TEST(GlobalFlagsTest, Timeouts) {
  ASSERT_OK_AND_ASSIGN(GlobalSettings settings, Read({"--timeout=1h30m"}));
  EXPECT_EQ(settings.timeout, absl::Minutes(90));
  ASSERT_OK_AND_ASSIGN(settings, Read({"--timeout=2.5"}));
  EXPECT_EQ(settings.timeout, absl::Seconds(2.5));
  for (const char* bad : {"--timeout=soon", "--timeout=-1s", "--timeout=0"}) {
    EXPECT_THAT(Read({bad}), HasReason("USAGE")) << bad;
  }
}

TEST(GlobalFlagsTest, ColorCanBeSwitchedOff) {
  ASSERT_OK_AND_ASSIGN(GlobalSettings settings, Read({"--no-color"}));
  EXPECT_FALSE(settings.color);
  ASSERT_OK_AND_ASSIGN(settings, Read({}, "", "1"));
  EXPECT_FALSE(settings.color);
}

TEST(GlobalFlagsTest, Misuse) {
  EXPECT_THAT(Read({"-o", "yaml"}), HasReason("USAGE"));
  EXPECT_THAT(Read({"--local", "--address=a:1"}), HasReason("USAGE"));
  EXPECT_THAT(Read({"--request-id", std::string(37, 'a')}), HasReason("USAGE"));
}

}  // namespace
}  // namespace quantd
