#include "engine/config/json_fields.h"

#include <limits>

#include "base/testing/status_matchers.h"
#include "gtest/gtest.h"

namespace quantd {
namespace {

using ::quantd::testing::StatusIs;
using Json = nlohmann::ordered_json;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
const JsonPlace kPlace = {"config.json", "conv1"};

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

TEST(JsonFieldsTest, ErrorsCarryTheirPlace) {
  const absl::Status status =
      RangeError("num_bits", 99, "The num_bits must be 8", "8", kPlace);
  ErrorMetadata metadata = GetErrorMetadata(status);
  EXPECT_EQ(metadata["file"], "config.json");
  EXPECT_EQ(metadata["layer"], "conv1");
  EXPECT_EQ(metadata["field"], "num_bits");
  EXPECT_EQ(metadata["value"], "99");
  EXPECT_EQ(metadata["allowed"], "8");
}

}  // namespace
}  // namespace quantd
