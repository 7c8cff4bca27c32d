#include <cmath>

#include "absl/strings/str_cat.h"
#include "base/testing/status_matchers.h"
#include "engine/layers/testing/gradient_check.h"
#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {
namespace {

using ::absl::StatusCode;

LayerTester BatchNorm(const std::string& fields,
                      caffe::Phase phase = caffe::TEST) {
  return LayerTester(
      absl::StrCat("type: 'BatchNorm' bottom: 'x' top: 'y' batch_norm_param { "
                   "eps: 0.5 ",
                   fields, " }"),
      phase);
}

TEST(BatchNormLayerTest, TestPhaseUsesTheBlobs) {
  LayerTester bn = BatchNorm("");
  bn.Input("x", {1, 2, 1, 2}, {1, 3, 10, 20});
  bn.Blob({2}, {2, 20}).Blob({2}, {7, 1}).Blob({1}, {2});
  ASSERT_OK(bn.Forward());
  EXPECT_THAT(bn.Output("y"), Values({0, 1, 0, 10}));
  EXPECT_THAT(bn.LayerBlob(0), Values({2, 20}));
}

TEST(BatchNormLayerTest, FactorZeroMeansZeroStatistics) {
  LayerTester bn = BatchNorm("");
  bn.Input("x", {1, 1}, {2});
  bn.Blob({1}, {5}).Blob({1}, {5}).Blob({1}, {0});
  ASSERT_OK(bn.Forward());
  EXPECT_THAT(bn.Output("y"), Values({2 / std::sqrt(0.5f)}));
}

TEST(BatchNormLayerTest, TrainPhaseUsesTheBatchAndUpdatesTheBlobs) {
  LayerTester bn = BatchNorm("moving_average_fraction: 0.5", caffe::TRAIN);
  bn.Input("x", {2, 1, 1, 2}, {1, 3, 1, 3});
  bn.Blob({1}, {2}).Blob({1}, {4}).Blob({1}, {1});
  ASSERT_OK(bn.Forward());
  const float y = 1 / std::sqrt(1.5f);
  EXPECT_THAT(bn.Output("y"), Values({-y, y, -y, y}));
  EXPECT_THAT(bn.LayerBlob(0), Values({3}));
  EXPECT_THAT(bn.LayerBlob(1), Values({2 + 4 / 3.f}));
  EXPECT_THAT(bn.LayerBlob(2), Values({1.5}));
}

TEST(BatchNormLayerTest, OneValuePerChannelHasNoUnbiasedVariance) {
  LayerTester bn = BatchNorm("use_global_stats: false");
  bn.Input("x", {1, 2}, {1, 3});
  ASSERT_OK(bn.Forward());
  EXPECT_THAT(bn.Output("y"), Values({0, 0}));
  EXPECT_THAT(bn.LayerBlob(1), Values({0, 0}));
}

TEST(BatchNormLayerTest, RefusesLearningAndNegativeEps) {
  LayerTester learning("type: 'BatchNorm' bottom: 'x' top: 'y' param {}");
  learning.Input("x", {1, 2});
  EXPECT_THAT(learning.Forward(),
              StatusIs(StatusCode::kInvalidArgument, "param.lr_mult"));
  LayerTester eps = BatchNorm("eps: -1");
  eps.Input("x", {1, 2});
  EXPECT_THAT(eps.Forward(), StatusIs(StatusCode::kInvalidArgument, "eps"));
}

TEST(BatchNormLayerTest, GradientOfBatchStatistics) {
  for (const char* top : {"y", "x"}) {
    LayerTester norm(
        absl::StrCat("type: 'BatchNorm' bottom: 'x' top: '", top, "'"),
        caffe::TRAIN);
    norm.Input("x", {3, 2, 4}, Noise(24));
    GradientCheck check;
    check.check_blobs = false;
    check.tolerance = 3e-3;
    ExpectGradients(norm, check);
  }
}

TEST(BatchNormLayerTest, GradientOfGlobalStatistics) {
  for (const char* top : {"y", "x"}) {
    LayerTester norm(
        absl::StrCat("type: 'BatchNorm' bottom: 'x' top: '", top, "'"));
    norm.Input("x", {3, 2, 4}, Noise(24));
    norm.Blob({2}, {1, -2}).Blob({2}, {4, 9}).Blob({1}, {2});
    GradientCheck check;
    check.check_blobs = false;
    ExpectGradients(norm, check);
  }
}

TEST(BatchNormLayerTest, StatisticsAreNotLearned) {
  LayerTester norm("type: 'BatchNorm' bottom: 'x' top: 'y'", caffe::TRAIN);
  norm.Input("x", {3, 2, 4}, Noise(24));
  ASSERT_OK(norm.Backward());
  ASSERT_EQ(norm.net()->params().size(), 3u);
  for (const Net::Param& param : norm.net()->params()) {
    EXPECT_EQ(param.lr_mult, 0);
  }
  EXPECT_THAT(norm.BlobDiff(0), Values({0, 0}));
}

}  // namespace
}  // namespace quantd::testing
