#include <algorithm>
#include <string>
#include <vector>

#include "base/testing/status_matchers.h"
#include "engine/layers/testing/gradient_check.h"
#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {
namespace {

LayerTester Dropout(const std::string& param, caffe::Phase phase) {
  return LayerTester(
      "type: 'Dropout' bottom: 'x' top: 'x' dropout_param { " + param + " }",
      phase);
}

TEST(DropoutLayerTest, DoesNothingInTest) {
  LayerTester dropout = Dropout("dropout_ratio: 0.9", caffe::TEST);
  dropout.Input("x", {3}, {1, 2, 3});
  ASSERT_OK(dropout.Forward());
  EXPECT_THAT(dropout.Output("x"), Values({1, 2, 3}));
}

TEST(DropoutLayerTest, DropsAndScalesInTrain) {
  LayerTester dropout = Dropout("dropout_ratio: 0.25", caffe::TRAIN);
  dropout.Input("x", {10000}, std::vector<float>(10000, 3.0f));
  ASSERT_OK(dropout.Forward());
  const std::vector<float> y = dropout.Output("x");
  const auto num_zero = std::count(y.begin(), y.end(), 0.0f);
  EXPECT_NEAR(num_zero, 2500, 200);
  EXPECT_EQ(std::count(y.begin(), y.end(), 3.0f * (1.0f / 0.75f)),
            10000 - num_zero);
}

TEST(DropoutLayerTest, ScaleTrainFalseScalesInTest) {
  LayerTester dropout =
      Dropout("dropout_ratio: 0.25 scale_train: false", caffe::TEST);
  dropout.Input("x", {2}, {4, 8});
  ASSERT_OK(dropout.Forward());
  EXPECT_THAT(dropout.Output("x"), Values({3, 6}));
}

TEST(DropoutLayerTest, RefusesRatiosOutOfRange) {
  for (const std::string param :
       {"dropout_ratio: 1", "dropout_ratio: -0.1", "dropout_ratio: nan"}) {
    LayerTester dropout = Dropout(param, caffe::TEST);
    dropout.Input("x", {1});
    EXPECT_THAT(dropout.Forward(), HasReason("LAYER_PARAMETER_INVALID"));
  }
}

TEST(DropoutLayerTest, GradientTakesTheFactorsOfTheForwardPass) {
  for (const char* top : {"y", "x"}) {
    LayerTester dropout(absl::StrCat("type: 'Dropout' bottom: 'x' top: '", top,
                                     "' dropout_param { dropout_ratio: 0.25 }"),
                        caffe::TRAIN);
    dropout.Input("x", {100}, std::vector<float>(100, 3.0f));
    ASSERT_OK(dropout.Backward());
    // d(y) / d(x) = y / x.
    std::vector<float> factors = dropout.Output(top);
    for (float& factor : factors) factor /= 3;
    EXPECT_THAT(dropout.InputDiff("x"), Values(factors));
  }
}

TEST(DropoutLayerTest, GradientInTest) {
  LayerTester identity("type: 'Dropout' bottom: 'x' top: 'y'");
  identity.Input("x", {4}, Noise(4));
  ExpectGradients(identity);
  LayerTester scaled(
      "type: 'Dropout' bottom: 'x' top: 'y' dropout_param { dropout_ratio: "
      "0.25 scale_train: false }");
  scaled.Input("x", {4}, Noise(4));
  ExpectGradients(scaled);
}

}  // namespace
}  // namespace quantd::testing
