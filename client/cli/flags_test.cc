#include "client/cli/flags.h"

#include "base/testing/status_matchers.h"

namespace quantd {
namespace {

using testing::HasReason;
using testing::StatusIs;

const std::vector<FlagSpec>& Specs() {
  static const auto* const specs = new std::vector<FlagSpec>{
      {"model", "FILE", "", true}, {"batch-size", "N", ""},
      {"scale", "S", ""},          {"output", "FORMAT", "", false, 'o'},
      {"quiet", "", ""},           {"data", "DATA", "", false, 0, true},
  };
  return *specs;
}

absl::StatusOr<ParsedFlags> Parse(const std::vector<std::string>& args) {
  return ParsedFlags::Parse(args, Specs());
}

TEST(FlagsTest, AllFormsOfAFlag) {
  ASSERT_OK_AND_ASSIGN(
      const ParsedFlags flags,
      Parse({"a", "--model", "m", "--scale=-2", "-o", "json", "--quiet", "b"}));
  EXPECT_EQ(flags.Get("model"), "m");
  EXPECT_EQ(flags.Get("scale"), "-2");
  EXPECT_EQ(flags.Get("output"), "json");
  EXPECT_TRUE(flags.Has("quiet"));
  EXPECT_FALSE(flags.Has("batch-size"));
  EXPECT_EQ(flags.words(), (std::vector<std::string>{"a", "b"}));
}

TEST(FlagsTest, ValuesMayLookLikeFlagsOrBeEmpty) {
  ASSERT_OK_AND_ASSIGN(const ParsedFlags flags,
                       Parse({"--scale", "-1", "--model="}));
  EXPECT_EQ(flags.Get("scale"), "-1");
  EXPECT_TRUE(flags.Has("model"));
}

TEST(FlagsTest, RepeatedFlagsKeepTheirOrder) {
  ASSERT_OK_AND_ASSIGN(const ParsedFlags flags,
                       Parse({"--data", "b", "--scale=1", "--data=a"}));
  EXPECT_EQ(flags.GetAll("data"), (std::vector<std::string>{"b", "a"}));
  EXPECT_EQ(flags.Get("data"), "b");
  EXPECT_EQ(flags.GetAll("scale"), (std::vector<std::string>{"1"}));
  EXPECT_TRUE(flags.GetAll("model").empty());
}

TEST(FlagsTest, TwoDashesEndTheFlags) {
  ASSERT_OK_AND_ASSIGN(const ParsedFlags flags, Parse({"--", "--model", "-x"}));
  EXPECT_EQ(flags.words(), (std::vector<std::string>{"--model", "-x"}));
}

TEST(FlagsTest, TyposGetASuggestion) {
  const auto flags = Parse({"--modle", "m"});
  EXPECT_THAT(flags, HasReason("USAGE"));
  EXPECT_THAT(flags, StatusIs(absl::StatusCode::kInvalidArgument,
                              "unknown flag --modle; did you mean --model?"));
  EXPECT_THAT(Parse({"--entirely-else"}),
              StatusIs(absl::StatusCode::kInvalidArgument, "--help"));
  EXPECT_THAT(Parse({"-x"}), HasReason("USAGE"));
}

TEST(FlagsTest, Misuse) {
  EXPECT_THAT(Parse({"--model"}), HasReason("USAGE"));
  EXPECT_THAT(Parse({"--quiet=yes"}), HasReason("USAGE"));
  EXPECT_THAT(Parse({"--model", "a", "--model", "b"}), HasReason("USAGE"));
}

TEST(FlagsTest, RequiredFlags) {
  ASSERT_OK_AND_ASSIGN(const ParsedFlags none, Parse({}));
  EXPECT_THAT(none.CheckRequired(Specs()),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       "--model is missing; add --model FILE"));
  ASSERT_OK_AND_ASSIGN(const ParsedFlags one, Parse({"--model=m"}));
  EXPECT_OK(one.CheckRequired(Specs()));
}

TEST(FlagsTest, Numbers) {
  ASSERT_OK_AND_ASSIGN(const ParsedFlags flags,
                       Parse({"--batch-size=32", "--scale=0.5"}));
  ASSERT_OK_AND_ASSIGN(const int64_t size,
                       flags.GetInt("batch-size", 1, 64, 0));
  EXPECT_EQ(size, 32);
  ASSERT_OK_AND_ASSIGN(const double scale, flags.GetDouble("scale", 1));
  EXPECT_EQ(scale, 0.5);
  EXPECT_THAT(flags.GetInt("batch-size", 1, 31, 0), HasReason("USAGE"));
  EXPECT_THAT(flags.GetInt("scale", 0, 9, 0), HasReason("USAGE"));
  ASSERT_OK_AND_ASSIGN(const ParsedFlags bad,
                       Parse({"--scale=nan", "--batch-size=1e3"}));
  EXPECT_THAT(bad.GetDouble("scale", 1), HasReason("USAGE"));
  EXPECT_THAT(bad.GetInt("batch-size", 1, 64, 0), HasReason("USAGE"));
  ASSERT_OK_AND_ASSIGN(const ParsedFlags none, Parse({}));
  ASSERT_OK_AND_ASSIGN(const int64_t fallback,
                       none.GetInt("batch-size", 1, 64, 7));
  EXPECT_EQ(fallback, 7);
}

TEST(FlagsTest, NearestName) {
  EXPECT_EQ(NearestName("calibrat", {"calibrate", "evaluate"}), "calibrate");
  EXPECT_EQ(NearestName("xyz", {"calibrate", "evaluate"}), "");
  EXPECT_EQ(NearestName("ab", {"cd"}), "");
}

TEST(FlagsTest, LeadingFlagsEndWhereTheCommandBegins) {
  EXPECT_EQ(CountLeadingFlags({"--quiet", "-o", "json", "job", "list", "-o"},
                              Specs()),
            3);
  EXPECT_EQ(CountLeadingFlags({"--model=a", "x"}, Specs()), 1);
  EXPECT_EQ(CountLeadingFlags({"-o"}, Specs()), 1);
  EXPECT_EQ(CountLeadingFlags({}, Specs()), 0);
}

}  // namespace
}  // namespace quantd
