#include <cmath>

#include "absl/strings/str_cat.h"
#include "base/testing/status_matchers.h"
#include "engine/layers/testing/gradient_check.h"
#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {
namespace {

using ::absl::StatusCode;

LayerTester Bn(const std::string& fields, caffe::Phase phase = caffe::TEST,
               const std::string& top = "y") {
  return LayerTester(absl::StrCat("type: 'BN' bottom: 'x' top: '", top,
                                  "' bn_param { ", fields, " }"),
                     phase);
}

// Slope, bias, mean, variance.
void AddFour(LayerTester* bn) {
  const Shape shape = {1, 2, 1, 1};
  bn->Blob(shape, {2, 1}).Blob(shape, {0.5, -1});
  bn->Blob(shape, {1, 20}).Blob(shape, {3.5, 99.5});
}

TEST(BnLayerTest, FourBlobsInTest) {
  LayerTester bn = Bn("eps: 0.5");
  bn.Input("x", {1, 2, 1, 2}, {1, 3, 10, 40});
  AddFour(&bn);
  ASSERT_OK(bn.Forward());
  EXPECT_THAT(bn.Output("y"), Values({0.5, 2.5, -2, 1}));
  EXPECT_THAT(bn.LayerBlob(2), Values({1, 20}));
}

TEST(BnLayerTest, FourBlobsInTrainUseTheBatchAndCarryOn) {
  LayerTester bn = Bn("eps: 0 momentum: 0.75", caffe::TRAIN);
  // Means 3 and 30, variances 4 and 100.
  bn.Input("x", {2, 2, 1}, {1, 20, 5, 40});
  AddFour(&bn);
  ASSERT_OK(bn.Forward());
  EXPECT_THAT(bn.Output("y"), Values({-1.5, -2, 2.5, 0}));
  EXPECT_THAT(bn.LayerBlob(2), Values({1.5, 22.5}));
  EXPECT_THAT(bn.LayerBlob(3), Values({3.625, 99.625}));
}

TEST(BnLayerTest, FrozenUsesTheBlobsAndLearnsNothing) {
  LayerTester bn = Bn("eps: 0.5 frozen: true", caffe::TRAIN);
  bn.Input("x", {1, 2, 1, 2}, {1, 3, 10, 40});
  AddFour(&bn);
  ASSERT_OK(bn.Backward());
  EXPECT_THAT(bn.Output("y"), Values({0.5, 2.5, -2, 1}));
  EXPECT_THAT(bn.LayerBlob(2), Values({1, 20}));
  EXPECT_THAT(bn.BlobDiff(0), Values({0, 0}));
  EXPECT_THAT(bn.BlobDiff(1), Values({0, 0}));
  EXPECT_THAT(bn.InputDiff("x"), Values({1, 1, 0.1f, 0.1f}));
}

TEST(BnLayerTest, TwoBlobsAreScaleAndShift) {
  LayerTester inference = Bn("bn_mode: INFERENCE", caffe::TRAIN);
  inference.Input("x", {1, 2, 2}, {1, 3, 10, 40});
  inference.Blob({1, 2, 1, 1}, {2, 1}).Blob({1, 2, 1, 1}, {0.5, -1});
  ASSERT_OK(inference.Forward());
  EXPECT_THAT(inference.Output("y"), Values({2.5, 6.5, 9, 39}));
  for (const caffe::Phase phase : {caffe::TEST, caffe::TRAIN}) {
    LayerTester learn = Bn("", phase);
    learn.Input("x", {1, 2, 2}, {1, 3, 10, 40});
    learn.Blob({1, 2, 1, 1}, {2, 1}).Blob({1, 2, 1, 1}, {0.5, -1});
    ASSERT_OK(learn.Forward());
    EXPECT_THAT(learn.Output("y"), Values({-1.5, 2.5, -2, 0}));
  }
}

TEST(BnLayerTest, FieldsTellTheFormWithoutWeights) {
  for (const char* fields : {"bn_mode: LEARN", "scale_filler { value: 1 }",
                             "shift_filler { value: 0 }"}) {
    LayerTester two = Bn(fields);
    two.Input("x", {1, 1, 2}, {1, 3});
    ASSERT_OK(two.Forward());
    EXPECT_EQ(two.layer().blobs().size(), 2);
    EXPECT_THAT(two.Output("y"), Values({-1, 1}));
  }
  LayerTester four = Bn("slope_filler { value: 3 } bias_filler { value: 2 }");
  four.Input("x", {1, 1, 2}, {1, 3});
  ASSERT_OK(four.Forward());
  EXPECT_EQ(four.layer().blobs().size(), 4);
  EXPECT_THAT(four.Output("y"), Values({5, 11}, 1e-3f));
}

TEST(BnLayerTest, StatisticsAreNotLearned) {
  LayerTester bn = Bn("");
  bn.Input("x", {1, 1});
  ASSERT_OK(bn.Forward());
  EXPECT_EQ(bn.layer().DefaultLrMult(1), 1);
  EXPECT_EQ(bn.layer().DefaultLrMult(2), 0);
  EXPECT_EQ(bn.layer().DefaultLrMult(3), 0);
}

TEST(BnLayerTest, GradientsOfBatchStatistics) {
  GradientCheck check;
  check.step = 3e-3;
  check.tolerance = 3e-3;
  for (const char* fields :
       {"eps: 0.01 slope_filler { value: 2 }", "scale_filler { value: 2 }"}) {
    for (const char* top : {"y", "x"}) {
      SCOPED_TRACE(absl::StrCat(fields, " -> ", top));
      LayerTester bn = Bn(fields, caffe::TRAIN, top);
      bn.Input("x", {3, 2, 2, 2}, Noise(24));
      ExpectGradients(bn, check);
    }
  }
}

TEST(BnLayerTest, GradientsOfGivenStatistics) {
  for (const char* top : {"y", "x"}) {
    LayerTester inference = Bn("bn_mode: INFERENCE", caffe::TRAIN, top);
    inference.Input("x", {2, 2, 3}, Noise(12));
    ExpectGradients(inference);
    LayerTester test = Bn("eps: 0.5", caffe::TEST, top);
    test.Input("x", {2, 2, 3}, Noise(12));
    AddFour(&test);
    GradientCheck check;
    check.check_blobs = false;  // The statistics have no gradient.
    ExpectGradients(test, check);
  }
  LayerTester test = Bn("eps: 0.5");
  test.Input("x", {1, 2, 2}, {1, 3, 10, 40});
  AddFour(&test);
  ASSERT_OK(test.Backward());
  EXPECT_THAT(test.BlobDiff(0), Values({1, 1}));
  EXPECT_THAT(test.BlobDiff(1), Values({2, 2}));
}

TEST(BnLayerTest, Refuses) {
  LayerTester eps = Bn("eps: -1");
  eps.Input("x", {1, 2});
  EXPECT_THAT(eps.Forward(),
              StatusIs(StatusCode::kInvalidArgument, "bn_param.eps"));
  LayerTester changed = Bn("");
  changed.Input("x", {1, 2});
  ASSERT_OK(changed.Forward());
  changed.Input("x", {1, 3});
  EXPECT_THAT(changed.Forward(), HasReason("LAYER_SHAPE_INVALID"));
  LayerTester three = Bn("");
  three.Input("x", {1, 1});
  for (int i = 0; i < 3; ++i) three.Blob({1, 1, 1, 1}, {1});
  EXPECT_THAT(three.Forward(), HasReason("MODEL_WEIGHTS_MISMATCH"));
}

}  // namespace
}  // namespace quantd::testing
