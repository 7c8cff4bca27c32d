#include "engine/jobs/net_files.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "base/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace quantd {
namespace {

using ::quantd::testing::HasReason;

caffe::NetParameter Net(const std::string& text) {
  caffe::NetParameter net;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &net));
  return net;
}

TEST(NetFilesTest, EveryPathIsReplaced) {
  caffe::NetParameter net =
      Net("layer { type: 'Data' data_param { source: 'lmdb' } "
          "transform_param { mean_file: 'mean' } } "
          "layer { type: 'InfogainLoss' infogain_loss_param { source: 'h' } }");
  ASSERT_OK(
      ReplaceFiles({{{"lmdb", "/a"}}, {{"mean", "/b"}, {"h", "/c"}}}, &net));
  EXPECT_EQ(net.layer(0).data_param().source(), "/a");
  EXPECT_EQ(net.layer(0).transform_param().mean_file(), "/b");
  EXPECT_EQ(net.layer(1).infogain_loss_param().source(), "/c");
}

TEST(NetFilesTest, AWrittenNetNamesTheUsersPaths) {
  const NetFiles files = {{{"lmdb", "/a"}}, {{"mean", "/b"}}};
  const caffe::NetParameter original =
      Net("layer { type: 'Data' data_param { source: 'lmdb' } "
          "transform_param { mean_file: 'mean' } }");
  caffe::NetParameter net = original;
  ASSERT_OK(ReplaceFiles(files, &net));
  RestoreFiles(files, &net);
  EXPECT_EQ(net.SerializeAsString(), original.SerializeAsString());
}

TEST(NetFilesTest, APathThatTheJobDoesNotBringIsRefused) {
  for (const char* layer :
       {"type: 'Data' data_param { source: '/etc/passwd' }",
        "type: 'Data' transform_param { mean_file: '/etc/passwd' }",
        "type: 'InfogainLoss' infogain_loss_param { source: '/etc/passwd' }"}) {
    caffe::NetParameter net = Net(absl::StrCat("layer { ", layer, " }"));
    EXPECT_THAT(ReplaceFiles({}, &net), HasReason("OPTION_MISSING")) << layer;
  }
  EXPECT_THAT(
      RefuseFiles(Net("layer { type: 'InfogainLoss' "
                      "infogain_loss_param { source: '/etc/passwd' } }")),
      HasReason("OPTION_MISSING"));
}

TEST(NetFilesTest, LayersThatOpenFilesAreRefused) {
  for (const char* type :
       {"ImageData", "HDF5Data", "HDF5Output", "WindowData"}) {
    caffe::NetParameter net =
        Net(absl::StrCat("layer { name: 'l' type: '", type, "' }"));
    EXPECT_THAT(ReplaceFiles({}, &net), HasReason("NETWORK_UNSUPPORTED"));
    EXPECT_THAT(RefuseFiles(net), HasReason("NETWORK_UNSUPPORTED"));
  }
  EXPECT_OK(RefuseFiles(Net("layer { type: 'Convolution' }")));
}

}  // namespace
}  // namespace quantd
