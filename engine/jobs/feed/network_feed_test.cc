#include "engine/jobs/feed/network_feed.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "base/testing/status_matchers.h"
#include "google/protobuf/text_format.h"

namespace quantd {
namespace {

using ::quantd::testing::HasReason;

constexpr char kInput[] =
    "layer { name: 'in' type: 'Input' top: 'data' input_param { shape { "
    "dim: 1 dim: 3 dim: 8 dim: 8 } } }";
constexpr char kData[] =
    "layer { name: 'd' type: 'Data' top: 'data' top: 'label' "
    "data_param { source: 'x' batch_size: 7 } transform_param { scale: 0.5 } }";
constexpr char kDataWithMeanFile[] =
    "layer { name: 'd' type: 'Data' top: 'data' top: 'label' "
    "data_param { batch_size: 7 } transform_param { mean_file: 'm' } }";

caffe::NetParameter Parse(const std::string& text) {
  caffe::NetParameter net;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &net));
  return net;
}

JobInputs NoInputs() {
  JobInputs inputs;
  inputs.read_blob = [](const v1::BlobRef&) {
    return absl::NotFoundError("no blobs here");
  };
  return inputs;
}

TEST(NetworkFeedTest, InputTakesTheJobsTransform) {
  v1::Transform transform;
  transform.add_mean_value(104);
  transform.set_scale(0.25f);
  transform.set_crop_size(8);
  ASSERT_OK_AND_ASSIGN(const NetworkFeed feed,
                       FindFeed(Parse(kInput), &transform, NoInputs()));
  EXPECT_EQ(feed.data_blob, "data");
  EXPECT_EQ(feed.label_blob, "");
  EXPECT_EQ(feed.batch_size, 0);
  EXPECT_EQ(feed.image_shape, Shape({3, 8, 8}));
  EXPECT_EQ(feed.transform.mean_value(0), 104);
  EXPECT_EQ(feed.transform.scale(), 0.25f);
  EXPECT_EQ(feed.transform.crop_size(), 8u);
}

TEST(NetworkFeedTest, DataLayerBringsItsOwnTransform) {
  ASSERT_OK_AND_ASSIGN(const NetworkFeed feed,
                       FindFeed(Parse(kData), nullptr, NoInputs()));
  EXPECT_EQ(feed.label_blob, "label");
  EXPECT_EQ(feed.batch_size, 7);
  EXPECT_EQ(feed.transform.scale(), 0.5f);
}

TEST(NetworkFeedTest, TransformOptionsBesideADataLayerAreRefused) {
  v1::Transform transform;
  transform.set_scale(2);
  EXPECT_THAT(FindFeed(Parse(kData), &transform, NoInputs()),
              HasReason("OPTION_CONFLICT"));
}

TEST(NetworkFeedTest, MeanFileOfTheDataLayerMustComeWithTheJob) {
  ASSERT_OK_AND_ASSIGN(const NetworkFeed feed,
                       FindFeed(Parse(kDataWithMeanFile), nullptr, NoInputs()));
  EXPECT_THAT(feed.takes_images, HasReason("OPTION_MISSING"));
}

TEST(NetworkFeedTest, OtherSourcesAreUnsupported) {
  EXPECT_THAT(FindFeed(Parse("layer { name: 'i' type: 'ImageData' top: 'x' }"),
                       nullptr, NoInputs()),
              HasReason("NETWORK_UNSUPPORTED"));
  EXPECT_THAT(FindFeed(Parse("layer { name: 'i' type: 'Input' top: 'x' } "
                             "layer { name: 'o' type: 'HDF5Output' }"),
                       nullptr, NoInputs()),
              HasReason("NETWORK_UNSUPPORTED"));
  EXPECT_THAT(FindFeed(Parse(""), nullptr, NoInputs()),
              HasReason("NETWORK_UNSUPPORTED"));
}

TEST(NetworkFeedTest, SeveralInputsTakeNoImages) {
  ASSERT_OK_AND_ASSIGN(
      NetworkFeed feed,
      FindFeed(Parse("layer { type: 'Input' top: 'x' top: 'y' input_param { "
                     "shape { dim: 4 dim: 2 } shape { dim: 4 dim: 3 } } }"
                     "layer { type: 'Input' top: 'z' input_param { "
                     "shape { dim: 4 } } }"),
               nullptr, NoInputs()));
  EXPECT_THAT(feed.takes_images, HasReason("NETWORK_UNSUPPORTED"));
  ASSERT_EQ(feed.inputs.size(), 3u);
  EXPECT_EQ(feed.inputs[1].blob, "y");
  EXPECT_EQ(feed.inputs[1].stated, Shape({4, 3}));
  EXPECT_EQ(feed.inputs[2].stated, Shape({4}));
  EXPECT_EQ(feed.batch_size, 4);
  ASSERT_OK_AND_ASSIGN(
      feed, FindFeed(Parse(absl::StrCat(kInput, kData)), nullptr, NoInputs()));
  EXPECT_OK(feed.takes_images);
  EXPECT_EQ(feed.data_blob, "data");
  ASSERT_EQ(feed.inputs.size(), 3u);
  EXPECT_TRUE(feed.inputs[2].is_label);
}

TEST(NetworkFeedTest, WithInputLayerKeepsTopsAndStatesTheBatch) {
  const caffe::NetParameter net =
      WithInputLayer(Parse(kData), {{"data", Shape({1, 5, 6}), false}}, 4);
  ASSERT_EQ(net.layer_size(), 1);
  EXPECT_EQ(net.layer(0).type(), "Input");
  EXPECT_EQ(net.layer(0).top_size(), 2);
  ASSERT_EQ(net.layer(0).input_param().shape_size(), 2);
  EXPECT_EQ(net.layer(0).input_param().shape(0).dim(0), 4);
  EXPECT_EQ(net.layer(0).input_param().shape(0).dim(3), 6);
  EXPECT_EQ(net.layer(0).input_param().shape(1).dim(0), 4);
  EXPECT_FALSE(net.layer(0).has_data_param());
}

TEST(NetworkFeedTest, WithInputLayerTakesWholeInputs) {
  const caffe::NetParameter net =
      WithInputLayer(Parse(kInput), {{"data", Shape({5, 6}), true}}, 1);
  ASSERT_EQ(net.layer(0).input_param().shape_size(), 1);
  EXPECT_EQ(net.layer(0).input_param().shape(0).dim_size(), 2);
  EXPECT_EQ(net.layer(0).input_param().shape(0).dim(0), 5);
}

TEST(NetworkFeedTest, BatchSizeIsTheJobsThenTheDataLayers) {
  NetworkFeed feed;
  EXPECT_EQ(BatchSizeOf(feed, 0), 16);
  feed.batch_size = 7;
  EXPECT_EQ(BatchSizeOf(feed, 0), 7);
  EXPECT_EQ(BatchSizeOf(feed, 3), 3);
}

}  // namespace
}  // namespace quantd
