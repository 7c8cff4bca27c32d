#include "engine/graph/optimize_for_inference.h"

#include <string>
#include <utility>
#include <vector>

#include "base/testing/status_matchers.h"
#include "engine/model/prototxt.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace quantd {
namespace {

using ::testing::ElementsAre;

// A 1x1 convolution of one channel with weight 3, BatchNorm with mean 1,
// variance `variance` and eps 0, Scale by 5 plus 7, ReLU.
caffe::NetParameter ConvNet(float variance) {
  auto net = ParseNetPrototxt(R"(
    layer { name: "data" type: "Input" top: "data"
            input_param { shape { dim: 1 dim: 1 dim: 2 dim: 2 } } }
    layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
            convolution_param { num_output: 1 kernel_size: 1 bias_term: false }
            blobs { shape { dim: 1 dim: 1 dim: 1 dim: 1 } data: 3 } }
    layer { name: "bn" type: "BatchNorm" bottom: "conv" top: "bn"
            batch_norm_param { eps: 0 }
            blobs { shape { dim: 1 } data: 1 }
            blobs { shape { dim: 1 } data: 4 }
            blobs { shape { dim: 1 } data: 1 } }
    layer { name: "scale" type: "Scale" bottom: "bn" top: "scale"
            scale_param { bias_term: true }
            blobs { shape { dim: 1 } data: 5 }
            blobs { shape { dim: 1 } data: 7 } }
    layer { name: "relu" type: "ReLU" bottom: "scale" top: "relu" })",
                              "test");
  EXPECT_OK(net);
  (*net).mutable_layer(2)->mutable_blobs(1)->set_data(0, variance);
  return std::move((*net));
}

std::vector<std::string> LayersOf(const caffe::NetParameter& net) {
  std::vector<std::string> names;
  for (const auto& layer : net.layer()) names.push_back(layer.name());
  return names;
}

TEST(OptimizeForInferenceTest, FoldsNormsAndWorksInPlace) {
  auto net = OptimizeForInference(ConvNet(4), {});
  ASSERT_OK(net);
  EXPECT_THAT(LayersOf(*net), ElementsAre("data", "conv", "relu"));
  // ((3x - 1) / 2) * 5 + 7
  EXPECT_FLOAT_EQ(net->layer(1).blobs(0).data(0), 7.5f);
  EXPECT_FLOAT_EQ(net->layer(1).blobs(1).data(0), 4.5f);
  EXPECT_EQ(net->layer(1).top(0), "relu");
  EXPECT_EQ(net->layer(2).bottom(0), "relu");
}

TEST(OptimizeForInferenceTest, KeepsBlobsThatSomebodyWants) {
  auto net = OptimizeForInference(ConvNet(4), {"bn", "scale"});
  ASSERT_OK(net);
  EXPECT_THAT(LayersOf(*net), ElementsAre("data", "conv", "scale", "relu"));
  EXPECT_EQ(net->layer(1).top(0), "bn");
  EXPECT_EQ(net->layer(3).bottom(0), "scale");
}

TEST(OptimizeForInferenceTest, LeavesNormsThatCannotBeFolded) {
  auto net = OptimizeForInference(ConvNet(-1), {});
  ASSERT_OK(net);
  EXPECT_THAT(LayersOf(*net),
              ElementsAre("data", "conv", "bn", "scale", "relu"));
}

}  // namespace
}  // namespace quantd
