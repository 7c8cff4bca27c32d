#include "engine/graph/reuse_blobs.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "base/testing/status_matchers.h"
#include "google/protobuf/text_format.h"

namespace quantd {
namespace {

caffe::NetParameter Parse(const std::string& text) {
  caffe::NetParameter net;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &net));
  return net;
}

constexpr char kInput[] = "layer { type: 'Input' top: 'x' }";
constexpr char kConv[] = "layer { type: 'Convolution' bottom: 'x' top: 'c' }";
constexpr char kRelu[] = "layer { type: 'ReLU' bottom: 'c' top: 'r' }";

TEST(ReuseBlobsTest, AnElementwiseLayerTakesItsOnlyReadersBlob) {
  const caffe::NetParameter net = ReuseBlobs(
      Parse(absl::StrCat(kInput, kConv, kRelu,
                         "layer { type: 'Pooling' bottom: 'r' top: 'p' }")),
      {});
  EXPECT_EQ(net.layer(1).top(0), "r");
  EXPECT_EQ(net.layer(2).bottom(0), "r");
  EXPECT_EQ(net.layer(2).top(0), "r");
  EXPECT_EQ(net.layer(3).bottom(0), "r");
}

TEST(ReuseBlobsTest, KeepsWhatIsWatchedOrReadTwiceOrAnInput) {
  const std::string chain = absl::StrCat(kInput, kConv, kRelu);
  EXPECT_EQ(ReuseBlobs(Parse(chain), {"c"}).layer(1).top(0), "c");
  EXPECT_EQ(
      ReuseBlobs(
          Parse(chain + "layer { type: 'Pooling' bottom: 'c' top: 'p' }"), {})
          .layer(1)
          .top(0),
      "c");
  EXPECT_EQ(
      ReuseBlobs(Parse(absl::StrCat(kInput,
                                    "layer { type: 'ReLU' bottom: 'x' top: 'r' "
                                    "}")),
                 {})
          .layer(0)
          .top(0),
      "x");
}

TEST(ReuseBlobsTest, AChainSharesOneBlob) {
  const caffe::NetParameter net = ReuseBlobs(
      Parse(absl::StrCat(kInput, kConv, kRelu,
                         "layer { type: 'Quant' bottom: 'r' top: 'q' }")),
      {});
  EXPECT_EQ(net.layer(1).top(0), "q");
  EXPECT_EQ(net.layer(2).bottom(0), "q");
  EXPECT_EQ(net.layer(2).top(0), "q");
  EXPECT_EQ(net.layer(3).bottom(0), "q");
}

}  // namespace
}  // namespace quantd
