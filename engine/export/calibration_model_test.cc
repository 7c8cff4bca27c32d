#include "engine/export/calibration_model.h"

#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace quantd {
namespace {

TEST(CalibrationModelTest, IfmrLayersStandBeforeTheirFirstConsumer) {
  caffe::NetParameter net;
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(
      "layer { name: 'in' type: 'Input' top: 'x' }"
      "layer { name: 'conv' type: 'Convolution' bottom: 'x' top: 'c' }"
      "layer { name: 'sum' type: 'Eltwise' bottom: 'c' bottom: 'x' top: 's' }",
      &net));
  QuantPlan plan;
  plan.blobs.resize(2);
  plan.blobs[0].blob = "x";
  plan.blobs[0].consumers = {{1, "conv", 0}, {2, "sum", 1}};
  plan.blobs[0].with_offset = false;
  plan.blobs[0].params.num_bits = 12;
  plan.blobs[0].params.search_step = 0.25f;
  plan.blobs[1].blob = "c";
  plan.blobs[1].consumers = {{2, "sum", 0}};

  const caffe::NetParameter model = CalibrationModel(net, plan, 3, "r.txt");
  ASSERT_EQ(model.layer_size(), 5);
  EXPECT_EQ(model.layer(0).name(), "in");
  EXPECT_EQ(model.layer(2).name(), "conv");
  EXPECT_EQ(model.layer(2).bottom(0), "x");
  EXPECT_EQ(model.layer(3).name(), "sum_0_ifmr_layer");
  EXPECT_EQ(model.layer(3).bottom(0), "c");
  const caffe::LayerParameter& first = model.layer(1);
  EXPECT_EQ(first.name(), "conv_0_ifmr_layer");
  EXPECT_EQ(first.type(), "IFMR");
  EXPECT_EQ(first.bottom(0), "x");
  EXPECT_EQ(first.top_size(), 0);
  const caffe::IFMRParameter& ifmr = first.ifmr_param();
  EXPECT_EQ(ifmr.batch_num(), 3u);
  EXPECT_FALSE(ifmr.with_offset());
  EXPECT_EQ(ifmr.search_range_start(), 0.7f);
  EXPECT_EQ(ifmr.search_range_end(), 1.3f);
  EXPECT_EQ(ifmr.search_step(), 0.25f);
  EXPECT_EQ(ifmr.max_percentile(), 0.999999f);
  EXPECT_EQ(ifmr.min_percentile(), 0.999999f);
  ASSERT_EQ(ifmr.object_layer_size(), 2);
  EXPECT_EQ(ifmr.object_layer(1), "sum");
  EXPECT_EQ(ifmr.record_file_path(), "r.txt");
  EXPECT_EQ(ifmr.index(), 0u);
  EXPECT_EQ(ifmr.num_bits(), 12u);

  const caffe::NetParameter cann =
      CalibrationModel(net, plan, 3, "r.txt", Target::kAscend);
  EXPECT_EQ(cann.layer(1).ifmr_param().object_layer(1), "sum");
  EXPECT_FALSE(cann.layer(1).ifmr_param().has_index());
  EXPECT_FALSE(cann.layer(1).ifmr_param().has_num_bits());
}

TEST(CalibrationModelTest, JointBlobsAreSearchedTogether) {
  caffe::NetParameter net;
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(
      "layer { name: 'in' type: 'Input' top: 'x' }"
      "layer { name: 'a' type: 'Convolution' bottom: 'x' top: 'a' }"
      "layer { name: 'relu' type: 'ReLU' bottom: 'a' top: 'r' }"
      "layer { name: 'b' type: 'Convolution' bottom: 'x' top: 'b' }"
      "layer { name: 'cat' type: 'Concat' bottom: 'a' bottom: 'b' top: 'c' }",
      &net));
  QuantPlan plan;
  plan.blobs.resize(2);
  plan.blobs[0].blob = "a";
  plan.blobs[0].consumers = {{2, "relu", 0}, {4, "cat", 0}};
  plan.blobs[0].searched = {"a", "b"};
  plan.blobs[1].blob = "b";
  plan.blobs[1].consumers = {{4, "cat", 1}};
  plan.blobs[1].searched = {"a", "b"};

  const caffe::NetParameter model = CalibrationModel(net, plan, 3, "r.txt");
  ASSERT_EQ(model.layer_size(), 7);
  for (const int i : {4, 5}) {
    EXPECT_EQ(model.layer(i).type(), "IFMR");
    ASSERT_EQ(model.layer(i).bottom_size(), 2);
    EXPECT_EQ(model.layer(i).bottom(1), "b");
  }
  EXPECT_EQ(model.layer(4).name(), "relu_0_ifmr_layer");
  EXPECT_EQ(model.layer(4).ifmr_param().object_layer_size(), 2);
  EXPECT_EQ(model.layer(5).name(), "cat_1_ifmr_layer");
  EXPECT_EQ(model.layer(5).ifmr_param().index(), 1u);
}

}  // namespace
}  // namespace quantd
