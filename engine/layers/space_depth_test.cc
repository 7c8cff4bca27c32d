#include "absl/strings/str_cat.h"
#include "base/testing/status_matchers.h"
#include "engine/layers/testing/gradient_check.h"
#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {
namespace {

LayerTester Move(const std::string& type, const std::string& fields) {
  return LayerTester(
      absl::StrCat("type: '", type, "' bottom: 'x' top: 'y' ", fields));
}

// Two channels of 2 x 4 pixels, and the same by blocks of 2 x 2.
const std::vector<float> kSpace = {0,  1,  2,  3,  4,  5,  6,  7,
                                   10, 11, 12, 13, 14, 15, 16, 17};
const std::vector<float> kDepth = {0, 2, 10, 12, 1, 3, 11, 13,
                                   4, 6, 14, 16, 5, 7, 15, 17};

TEST(SpaceDepthLayersTest, SpaceToDepth) {
  for (const auto& [type, fields] :
       std::vector<std::pair<std::string, std::string>>{
           {"Reorg", "reorg_param { stride: 2 }"},
           {"Reorg", ""},
           {"Reorganize", "reorg_param { stride: 2 }"},
           {"Reorganize", "reorg_param { stride_h: 2 stride_w: 2 }"},
           {"PassThrough",
            "pass_through_param { block_height: 2 block_width: 2 }"},
           {"PassThrough",
            "pass_through_param { block_height: 2 block_width: 2 "
            "num_output: 8 }"},
           {"SpaceToDepth",
            "space_to_depth_param { block_size: 2 data_format: 'NCHW' }"}}) {
    LayerTester move = Move(type, fields);
    move.Input("x", {1, 2, 2, 4}, kSpace);
    ASSERT_OK(move.Forward()) << type << fields;
    EXPECT_EQ(move.OutputShape("y"), Shape({1, 8, 1, 2}));
    EXPECT_THAT(move.Output("y"), Values(kDepth)) << type << fields;
    ExpectGradients(move);
  }
}

TEST(SpaceDepthLayersTest, DepthToSpace) {
  for (const auto& [type, fields] :
       std::vector<std::pair<std::string, std::string>>{
           {"Reorg", "reorg_param { stride: 2 reverse: true }"},
           {"Reorganize", "reorg_param { stride: 2 is_flatten: true }"},
           {"DepthToSpace",
            "depth_to_space_param { block_size: 2 data_format: 'NCHW' }"}}) {
    LayerTester move = Move(type, fields);
    move.Input("x", {1, 8, 1, 2}, kDepth);
    ASSERT_OK(move.Forward()) << type << fields;
    EXPECT_EQ(move.OutputShape("y"), Shape({1, 2, 2, 4}));
    EXPECT_THAT(move.Output("y"), Values(kSpace)) << type << fields;
    ExpectGradients(move);
  }
}

TEST(SpaceDepthLayersTest, ChannelsLast) {
  LayerTester depth = Move("SpaceToDepth",
                           "space_to_depth_param { "
                           "block_size: 2 }");
  depth.Input("x", {1, 2, 2, 2}, {0, 1, 2, 3, 4, 5, 6, 7});
  ASSERT_OK(depth.Forward());
  EXPECT_EQ(depth.OutputShape("y"), Shape({1, 1, 1, 8}));
  EXPECT_THAT(depth.Output("y"), Values({0, 1, 2, 3, 4, 5, 6, 7}));
  LayerTester space = Move("DepthToSpace",
                           "depth_to_space_param { "
                           "block_size: 2 }");
  space.Input("x", {1, 1, 2, 4}, {0, 1, 2, 3, 4, 5, 6, 7});
  ASSERT_OK(space.Forward());
  EXPECT_EQ(space.OutputShape("y"), Shape({1, 2, 4, 1}));
  EXPECT_THAT(space.Output("y"), Values({0, 1, 4, 5, 2, 3, 6, 7}));
}

TEST(SpaceDepthLayersTest, ChannelMajorDepth) {
  LayerTester space = Move("DepthToSpace",
                           "depth_to_space_param { block_size: 2 "
                           "data_format: 'CRD' }");
  space.Input("x", {1, 8, 1, 1}, {0, 1, 2, 3, 4, 5, 6, 7});
  ASSERT_OK(space.Forward());
  EXPECT_EQ(space.OutputShape("y"), Shape({1, 2, 2, 2}));
  EXPECT_THAT(space.Output("y"), Values({0, 1, 2, 3, 4, 5, 6, 7}));
  ExpectGradients(space);
}

TEST(SpaceDepthLayersTest, UnequalBlocks) {
  LayerTester move = Move(
      "PassThrough", "pass_through_param { block_height: 1 block_width: 2 }");
  move.Input("x", {2, 1, 1, 4}, {0, 1, 2, 3, 4, 5, 6, 7});
  ASSERT_OK(move.Forward());
  EXPECT_EQ(move.OutputShape("y"), Shape({2, 2, 1, 2}));
  EXPECT_THAT(move.Output("y"), Values({0, 2, 1, 3, 4, 6, 5, 7}));
}

TEST(SpaceDepthLayersTest, BadFields) {
  for (const auto& [type, fields] :
       std::vector<std::pair<std::string, std::string>>{
           {"Reorg", "reorg_param { stride: 0 }"},
           {"Reorganize", "reorg_param { stride: 0 }"},
           {"Reorganize", "reorg_param { stride: 2 stride_h: 2 }"},
           {"PassThrough", ""},
           {"PassThrough",
            "pass_through_param { block_height: 2 block_width: 2 "
            "num_output: 3 }"},
           {"SpaceToDepth", "space_to_depth_param { block_size: -2 }"},
           {"SpaceToDepth",
            "space_to_depth_param { block_size: 2 data_format: 'CRD' }"},
           {"DepthToSpace", "depth_to_space_param { }"},
           {"DepthToSpace",
            "depth_to_space_param { block_size: 2 data_format: 'X' }"}}) {
    LayerTester move = Move(type, fields);
    move.Input("x", {1, 4, 4, 4});
    EXPECT_THAT(move.Forward(), HasReason("LAYER_PARAMETER_INVALID"))
        << type << fields;
  }
}

TEST(SpaceDepthLayersTest, BadShapes) {
  for (const Shape& x :
       {Shape({1, 1, 3, 4}), Shape({1, 1, 4, 3}), Shape({4, 4})}) {
    LayerTester move = Move("Reorg", "");
    move.Input("x", x);
    EXPECT_THAT(move.Forward(), HasReason("LAYER_SHAPE_INVALID"));
  }
  LayerTester move = Move("Reorg", "reorg_param { reverse: true }");
  move.Input("x", {1, 6, 2, 2});
  EXPECT_THAT(move.Forward(), HasReason("LAYER_SHAPE_INVALID"));
}

}  // namespace
}  // namespace quantd::testing
