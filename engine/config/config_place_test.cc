#include "engine/config/config_place.h"

#include "base/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace quantd {
namespace {

using ::quantd::testing::HasReason;
using ::quantd::testing::StatusIs;
using ::testing::AllOf;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
const ConfigPlace kPlace = {"quant.cfg", "conv1", 3, 7};

TEST(ConfigPlaceTest, ErrorsCarryTheirPlace) {
  const absl::Status status =
      RangeError("num_bits", "99", "The num_bits must be 8", "8", kPlace);
  EXPECT_THAT(status, AllOf(HasReason("OPTION_OUT_OF_RANGE"),
                            StatusIs(kInvalid,
                                     "quant.cfg:3:7: The num_bits must be 8, "
                                     "but is 99; allowed: 8 in layer conv1")));
  ErrorMetadata metadata = GetErrorMetadata(status);
  EXPECT_EQ(metadata["file"], "quant.cfg");
  EXPECT_EQ(metadata["line"], "3");
  EXPECT_EQ(metadata["column"], "7");
  EXPECT_EQ(metadata["layer"], "conv1");
  EXPECT_EQ(metadata["field"], "num_bits");
  EXPECT_EQ(metadata["value"], "99");
  EXPECT_EQ(metadata["allowed"], "8");
}

TEST(ConfigPlaceTest, AnUnknownPositionIsLeftOut) {
  const absl::Status status =
      RangeError("batch_num", "0", "rule", "1", {"config.json", ""});
  EXPECT_THAT(status, StatusIs(kInvalid, "config.json: rule"));
  EXPECT_EQ(GetErrorMetadata(status).count("line"), 0);
  EXPECT_EQ(GetErrorMetadata(status).count("layer"), 0);
}

TEST(ConfigPlaceTest, RepeatedItemsAreNamedOnce) {
  EXPECT_OK(CheckNoneRepeated("skip_layers", {"a", "b"}, kPlace));
  EXPECT_THAT(
      CheckNoneRepeated("skip_layers", {"a", "b", "a", "c", "b", "a"}, kPlace),
      AllOf(HasReason("CONFIG_PARSE"),
            StatusIs(kInvalid,
                     "Please delete repeated items in skip_layers, repeated "
                     "items are [a, b]")));
}

}  // namespace
}  // namespace quantd
