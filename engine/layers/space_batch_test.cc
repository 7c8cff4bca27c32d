#include <numeric>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/testing/status_matchers.h"
#include "engine/layers/testing/gradient_check.h"
#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {
namespace {

LayerTester SpaceToBatch(const std::string& fields) {
  return LayerTester(
      absl::StrCat("type: 'SpaceToBatchND' bottom: 'x' top: 'y' "
                   "space_to_batch_nd_param { ",
                   fields, " }"));
}

LayerTester BatchToSpace(const std::string& fields) {
  return LayerTester(
      absl::StrCat("type: 'BatchToSpaceND' bottom: 'x' top: 'y' "
                   "batch_to_space_nd_param { ",
                   fields, " }"));
}

TEST(SpaceToBatchNdLayerTest, BlocksBecomeItems) {
  LayerTester to_batch = SpaceToBatch("block_shape: 2 block_shape: 2");
  to_batch.Input("x", {1, 2, 4, 1}, {1, 2, 3, 4, 5, 6, 7, 8});
  ASSERT_OK(to_batch.Forward());
  EXPECT_EQ(to_batch.OutputShape("y"), Shape({4, 1, 2, 1}));
  EXPECT_THAT(to_batch.Output("y"), Values({1, 3, 2, 4, 5, 7, 6, 8}));
}

TEST(SpaceToBatchNdLayerTest, ItemsLieBehindBlocks) {
  LayerTester to_batch = SpaceToBatch("block_shape: 2");
  to_batch.Input("x", {2, 2}, {1, 2, 3, 4});
  ASSERT_OK(to_batch.Forward());
  EXPECT_EQ(to_batch.OutputShape("y"), Shape({4, 1}));
  EXPECT_THAT(to_batch.Output("y"), Values({1, 3, 2, 4}));
}

TEST(SpaceToBatchNdLayerTest, Paddings) {
  LayerTester to_batch = SpaceToBatch("block_shape: 2 paddings: 1 paddings: 2");
  to_batch.Input("x", {1, 3, 2}, {1, 2, 3, 4, 5, 6});
  ASSERT_OK(to_batch.Forward());
  EXPECT_EQ(to_batch.OutputShape("y"), Shape({2, 3, 2}));
  // Space: 0, a, b, c, 0, 0.
  EXPECT_THAT(to_batch.Output("y"),
              Values({0, 0, 3, 4, 0, 0, 1, 2, 5, 6, 0, 0}));
}

TEST(SpaceToBatchNdLayerTest, RefusesWrongFields) {
  for (const char* fields :
       {"block_shape: 0", "block_shape: 4294967295",
        "block_shape: 2 paddings: 1",
        "block_shape: 2 paddings: 1 paddings: 1 paddings: 0 paddings: 0"}) {
    LayerTester to_batch = SpaceToBatch(fields);
    to_batch.Input("x", {1, 2, 2});
    EXPECT_THAT(to_batch.Forward(), HasReason("LAYER_PARAMETER_INVALID"))
        << fields;
  }
}

TEST(SpaceToBatchNdLayerTest, RefusesWhatDoesNotFit) {
  for (const char* fields :
       {"block_shape: 3", "block_shape: 2 paddings: 1 paddings: 0",
        "block_shape: 1 block_shape: 1 block_shape: 1"}) {
    LayerTester to_batch = SpaceToBatch(fields);
    to_batch.Input("x", {1, 2, 2});
    EXPECT_THAT(to_batch.Forward(), HasReason("LAYER_SHAPE_INVALID")) << fields;
  }
  LayerTester huge = SpaceToBatch(
      "block_shape: 2000000000 block_shape: 2000000000 block_shape: 2000000000 "
      "block_shape: 2000000000");
  huge.Input("x", {1, 0, 0, 0, 0});
  EXPECT_THAT(huge.Forward(), HasReason("SHAPE_INVALID"));
}

TEST(BatchToSpaceNdLayerTest, IsTheInverse) {
  std::vector<float> x(24);
  std::iota(x.begin(), x.end(), 1.0f);
  LayerTester to_batch = SpaceToBatch(
      "block_shape: 2 block_shape: 3 paddings: 1 paddings: 0 "
      "paddings: 0 paddings: 2");
  to_batch.Input("x", {2, 3, 4}, x);
  ASSERT_OK(to_batch.Forward());
  EXPECT_EQ(to_batch.OutputShape("y"), Shape({12, 2, 2}));
  LayerTester to_space = BatchToSpace(
      "block_shape: 2 block_shape: 3 crops: 1 crops: 0 crops: 0 crops: 2");
  to_space.Input("x", {12, 2, 2}, to_batch.Output("y"));
  ASSERT_OK(to_space.Forward());
  EXPECT_EQ(to_space.OutputShape("y"), Shape({2, 3, 4}));
  EXPECT_THAT(to_space.Output("y"), Values(x));
}

TEST(BatchToSpaceNdLayerTest, Crops) {
  LayerTester to_space = BatchToSpace("block_shape: 2 crops: 1 crops: 0");
  to_space.Input("x", {2, 2}, {1, 3, 2, 4});
  ASSERT_OK(to_space.Forward());
  EXPECT_THAT(to_space.Output("y"), Values({2, 3, 4}));
}

TEST(BatchToSpaceNdLayerTest, RefusesWhatDoesNotFit) {
  for (const char* fields :
       {"block_shape: 3", "block_shape: 2 crops: 3 crops: 2",
        "block_shape: 2 crops: 4294967295 crops: 4294967295",
        "block_shape: 2 block_shape: 1 block_shape: 1"}) {
    LayerTester to_space = BatchToSpace(fields);
    to_space.Input("x", {2, 2, 2});
    EXPECT_THAT(to_space.Forward(), HasReason("LAYER_SHAPE_INVALID")) << fields;
  }
}

TEST(SpaceBatchLayersTest, Gradients) {
  LayerTester to_batch = SpaceToBatch(
      "block_shape: 2 block_shape: 2 paddings: 1 paddings: 0 "
      "paddings: 0 paddings: 2");
  to_batch.Input("x", {2, 3, 2, 2}, Noise(24));
  ExpectGradients(to_batch);
  LayerTester cropped = BatchToSpace("block_shape: 2 crops: 1 crops: 0");
  cropped.Input("x", {2, 3, 2}, Noise(12));
  ExpectGradients(cropped);
}

}  // namespace
}  // namespace quantd::testing
