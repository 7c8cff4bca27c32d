#include "engine/config/json_fields.h"

#include <limits>

#include "base/testing/status_matchers.h"
#include "gtest/gtest.h"

namespace quantd {
namespace {

using ::quantd::testing::StatusIs;
using Json = nlohmann::ordered_json;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
const ConfigPlace kPlace = {"config.json", "conv1"};

TEST(JsonFieldsTest, EachTypeHasPythonsName) {
  int64_t number;
  const auto read = [&](const Json& value) {
    return ReadInt(value, "x", kPlace, &number);
  };
  EXPECT_THAT(read(nullptr), StatusIs(kInvalid, "but is NoneType"));
  EXPECT_THAT(read(true), StatusIs(kInvalid, "but is bool"));
  EXPECT_THAT(read(1.5), StatusIs(kInvalid, "but is float"));
  EXPECT_THAT(read("1"), StatusIs(kInvalid, "but is str"));
  EXPECT_THAT(read(Json::array()), StatusIs(kInvalid, "but is list"));
  EXPECT_THAT(read(Json::object()), StatusIs(kInvalid, "but is dict"));
  bool flag;
  EXPECT_THAT(ReadBool(1, "x", kPlace, &flag),
              StatusIs(kInvalid,
                       "config.json: Type of x should be bool, but is int in "
                       "layer conv1"));
}

TEST(JsonFieldsTest, IntegersBeyondInt64AreTheLargest) {
  int64_t number = 0;
  ASSERT_OK(
      ReadInt(std::numeric_limits<uint64_t>::max(), "x", kPlace, &number));
  EXPECT_EQ(number, std::numeric_limits<int64_t>::max());
}

TEST(JsonFieldsTest, AnIntegerIsAFloat) {
  double number = 0;
  ASSERT_OK(ReadDouble(1, "x", kPlace, &number));
  EXPECT_EQ(number, 1.0);
}

TEST(JsonFieldsTest, LongValuesAreShownShort) {
  EXPECT_EQ(ShownJson({0.7, true, "x"}), "[0.7,true,\"x\"]");
  EXPECT_EQ(ShownJson(std::string(1000, 'a')).size(), 80);
}

}  // namespace
}  // namespace quantd
