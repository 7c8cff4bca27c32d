#include "engine/config/strict_json.h"

#include "base/error.h"
#include "base/testing/status_matchers.h"
#include "gtest/gtest.h"

namespace quantd {
namespace {

using ::quantd::testing::HasReason;
using ::quantd::testing::StatusIs;
using ::testing::AllOf;

TEST(StrictJsonTest, KeepsTheOrderOfTheFile) {
  ASSERT_OK_AND_ASSIGN(const auto json,
                       ParseStrictJson(R"({"b":1,"a":2})", "config.json"));
  EXPECT_EQ(json.begin().key(), "b");
}

TEST(StrictJsonTest, NamesLineAndColumnOfASyntaxError) {
  const auto json = ParseStrictJson("{\n  \"a\":1,\n}", "config.json");
  EXPECT_THAT(json, AllOf(StatusIs(absl::StatusCode::kInvalidArgument,
                                   "config.json:3:1: syntax error"),
                          HasReason("CONFIG_PARSE")));
  EXPECT_EQ(GetErrorMetadata(json.status())["line"], "3");
}

TEST(StrictJsonTest, RefusesRepeatedKeysAtEveryLevelAndNamesAll) {
  EXPECT_THAT(ParseStrictJson(
                  R"({"conv1":{"x":1,"x":2},"v":[{"y":1,"y":1}],"conv1":3})",
                  "config.json"),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       "Please delete repeated items in config.json, repeated "
                       "items are [conv1.x, v.y, conv1]"));
}

TEST(StrictJsonTest, TheSameKeyInTwoObjectsIsNoRepetition) {
  EXPECT_OK(ParseStrictJson(R"({"a":{"x":1},"b":{"x":1}})", "f"));
  EXPECT_OK(ParseStrictJson(R"([{"x":1},{"x":1}])", "f"));
}

TEST(StrictJsonTest, BadInputIsAnErrorNotACrash) {
  for (const std::string& text :
       {std::string(), std::string("{"), std::string("1e999"),
        std::string("\"\xff\""), std::string("{\"a\":1} x"),
        std::string(100000, '['), std::string("{\"a\":NaN}"),
        std::string("// c\n{}"), std::string("\0", 1)}) {
    EXPECT_THAT(ParseStrictJson(text, "f"), HasReason("CONFIG_PARSE"))
        << text.substr(0, 20);
  }
}

TEST(StrictJsonTest, NestingIsLimited) {
  EXPECT_THAT(ParseStrictJson(std::string(40, '['), "f"),
              StatusIs(absl::StatusCode::kInvalidArgument, "nested deeper"));
}

}  // namespace
}  // namespace quantd
