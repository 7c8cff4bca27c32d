#include <cmath>
#include <string>

#include "base/testing/status_matchers.h"
#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {
namespace {

constexpr char kAccuracy[] =
    "type: 'Accuracy' bottom: 'x' bottom: 'label' top: 'acc' ";

TEST(AccuracyLayerTest, TiesHurt) {
  LayerTester accuracy(kAccuracy);
  accuracy.Input("x", {4, 2}, {1, 0, 0, 1, 5, 5, 5, 5});
  accuracy.Input("label", {4}, {0, 0, 0, 1});
  ASSERT_OK(accuracy.Forward());
  EXPECT_THAT(accuracy.Output("acc"), Values({0.25}));
  EXPECT_EQ(accuracy.OutputShape("acc"), Shape());
}

TEST(AccuracyLayerTest, TopK) {
  LayerTester accuracy(std::string(kAccuracy) + "accuracy_param { top_k: 2 }");
  accuracy.Input("x", {2, 3}, {3, 2, 1, 3, 2, 1});
  accuracy.Input("label", {2, 1, 1, 1}, {1, 2});
  ASSERT_OK(accuracy.Forward());
  EXPECT_THAT(accuracy.Output("acc"), Values({0.5}));
}

TEST(AccuracyLayerTest, IgnoresALabelAndCountsClasses) {
  LayerTester accuracy(std::string(kAccuracy) +
                       "top: 'classes' accuracy_param { ignore_label: 7 }");
  accuracy.Input("x", {4, 3}, {1, 0, 0, 0, 1, 0, 1, 0, 0, 1, 0, 0});
  accuracy.Input("label", {4}, {0, 1, 1, 7});
  ASSERT_OK(accuracy.Forward());
  EXPECT_THAT(accuracy.Output("acc"), Values({2.0f / 3}, 1e-6f));
  EXPECT_THAT(accuracy.Output("classes"), Values({1, 0.5, 0}));
}

TEST(AccuracyLayerTest, SpatialPositions) {
  LayerTester accuracy(kAccuracy);
  accuracy.Input("x", {1, 2, 2}, {1, 0, 0, 1});
  accuracy.Input("label", {1, 2}, {0, 0});
  ASSERT_OK(accuracy.Forward());
  EXPECT_THAT(accuracy.Output("acc"), Values({0.5}));
}

TEST(AccuracyLayerTest, RefusesBadLabelsAndShapes) {
  LayerTester accuracy(kAccuracy);
  accuracy.Input("x", {1, 2}, {1, 0});
  accuracy.Input("label", {1}, {2});
  EXPECT_THAT(accuracy.Forward(), HasReason("LABEL_OUT_OF_RANGE"));
  accuracy.Input("label", {1}, {std::nanf("")});
  EXPECT_THAT(accuracy.Forward(), HasReason("LABEL_OUT_OF_RANGE"));
  accuracy.Input("label", {2}, {0, 0});
  EXPECT_THAT(accuracy.Forward(), HasReason("LAYER_SHAPE_INVALID"));
  LayerTester top_k(std::string(kAccuracy) + "accuracy_param { top_k: 3 }");
  top_k.Input("x", {1, 2}, {1, 0});
  top_k.Input("label", {1}, {0});
  EXPECT_THAT(top_k.Forward(), HasReason("LAYER_PARAMETER_INVALID"));
}
}  // namespace
}  // namespace quantd::testing
