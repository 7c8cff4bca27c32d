#include "engine/graph/drop_tail.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "base/testing/status_matchers.h"
#include "google/protobuf/text_format.h"

namespace quantd {
namespace {

using ::quantd::testing::HasReason;

caffe::NetParameter Parse(const std::string& text) {
  caffe::NetParameter net;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &net));
  return net;
}

constexpr char kNet[] =
    "layer { type: 'Input' top: 'x' } "
    "layer { type: 'Convolution' bottom: 'x' top: 'c' } ";

TEST(DropTailTest, ChainsOfPostProcessingGo) {
  const auto net = DropTail(Parse(absl::StrCat(
      kNet, "layer { type: 'Region' bottom: 'c' top: 'r' } ",
      "layer { type: 'ReLU' bottom: 'c' top: 'd' } ",
      "layer { type: 'YoloV2DetectionOutput' bottom: 'r' bottom: 'd' top: 'y' "
      "top: 'n' }")));
  ASSERT_OK(net);
  ASSERT_EQ(net->layer_size(), 3);
  EXPECT_EQ(net->layer(1).type(), "Convolution");
  EXPECT_EQ(net->layer(2).type(), "ReLU");
}

TEST(DropTailTest, OtherNetsStay) {
  const auto net = DropTail(Parse(kNet));
  ASSERT_OK(net);
  EXPECT_EQ(net->SerializeAsString(), Parse(kNet).SerializeAsString());
}

TEST(DropTailTest, ATailThatFeedsALayerIsRefused) {
  const auto net = DropTail(Parse(absl::StrCat(
      kNet, "layer { type: 'Yolo' bottom: 'c' top: 'r' } ",
      "layer { name: 'relu' type: 'ReLU' bottom: 'r' top: 'd' }")));
  EXPECT_THAT(net.status(), HasReason("NETWORK_UNSUPPORTED"));
  EXPECT_THAT(std::string(net.status().message()),
              ::testing::HasSubstr("\"relu\""));
}

}  // namespace
}  // namespace quantd
