#include "engine/config/read_quant_config.h"

#include "base/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace quantd {
namespace {

using ::quantd::testing::HasReason;
using ::quantd::testing::StatusIs;
using ::testing::AllOf;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

absl::StatusOr<int64_t> BatchNum(const std::string& text,
                                 const std::string& file) {
  caffe::NetParameter net;
  for (const char* name : {"conv1", "conv2"}) {
    caffe::LayerParameter& layer = *net.add_layer();
    layer.set_name(name);
    layer.set_type("Convolution");
    layer.add_bottom("data");
  }
  const auto config = ReadQuantConfig(text, file, net);
  if (!config.ok()) return config.status();
  return config->batch_num;
}

TEST(ReadQuantConfigTest, ABraceMeansJson) {
  for (const char* file : {"config.json", "quant.cfg", "x", ""}) {
    EXPECT_THAT(
        BatchNum("\xEF\xBB\xBF \n{\"batch_num\":3, \"conv1\":{}}", file),
        StatusIs(absl::StatusCode::kOk, ""));
    EXPECT_THAT(BatchNum("[1]", file), HasReason("CONFIG_PARSE"));
  }
}

TEST(ReadQuantConfigTest, OtherTextIsASimplifiedConfiguration) {
  for (const char* file : {"quant.cfg", "x", ""}) {
    const auto batch_num = BatchNum("\xEF\xBB\xBF# c\nbatch_num: 5", file);
    ASSERT_OK(batch_num);
    EXPECT_EQ(*batch_num, 5);
  }
}

TEST(ReadQuantConfigTest, BrokenJsonIsReportedAsJson) {
  EXPECT_THAT(BatchNum("\"batch_num\":3", "config.JSON"),
              AllOf(HasReason("CONFIG_PARSE"),
                    StatusIs(kInvalid, "correct the JSON text")));
  EXPECT_THAT(BatchNum("", "config.json"), HasReason("CONFIG_PARSE"));
}

}  // namespace
}  // namespace quantd
