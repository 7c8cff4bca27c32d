// Net::Backward() over small nets, gradients worked out by hand.
#include <string>

#include "absl/strings/str_cat.h"
#include "base/testing/status_matchers.h"
#include "engine/core/net.h"
#include "engine/layers/registry.h"
#include "google/protobuf/text_format.h"

namespace quantd {
namespace {

using ::quantd::testing::HasReason;
using ::quantd::testing::StatusIs;
using ::testing::ElementsAre;

// A net with the input x of two values, 3 and 5, after a Forward().
absl::StatusOr<std::unique_ptr<Net>> RunNet(const std::string& layers,
                                            bool backward = true) {
  caffe::NetParameter model;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(
      absl::StrCat("layer { name: 'in' type: 'Input' top: 'x' input_param { "
                   "shape { dim: 1 dim: 2 } } } ",
                   layers),
      &model))
      << layers;
  Net::Options options;
  options.backward = backward;
  auto net = Net::Create(model, options, MakeLayer);
  if (!net.ok()) return net;
  float* x = (*net)->MutableBlob("x").value()->data();
  x[0] = 3;
  x[1] = 5;
  const absl::Status status = (*net)->Forward();
  if (!status.ok()) return status;
  return net;
}

// y = x * (2, 7).
const char kScale[] =
    "layer { name: 'a' type: 'Scale' bottom: 'x' top: 'y' blobs { shape { dim: "
    "2 } data: [2, 7] } } ";

absl::Span<const float> ParamDiff(const Net& net, int index) {
  return net.params()[index].diff.values();
}

absl::Span<const float> DiffOf(const Net& net, const std::string& blob) {
  return net.Diff(blob).value()->values();
}

TEST(NetBackwardTest, LossWeightIsTheGradientOfItsTop) {
  ASSERT_OK_AND_ASSIGN(
      auto net,
      RunNet(absl::StrCat(kScale,
                          "layer { name: 'p' type: 'Power' bottom: 'y' top: "
                          "'z' loss_weight: 0.5 power_param { scale: 4 } }")));
  EXPECT_EQ(net->loss(), 0.5 * 4 * (6 + 35));
  ASSERT_OK(net->Backward());
  EXPECT_THAT(DiffOf(*net, "z"), ElementsAre(0.5f, 0.5f));
  EXPECT_THAT(DiffOf(*net, "y"), ElementsAre(2, 2));
  EXPECT_THAT(ParamDiff(*net, 0), ElementsAre(6, 10));
}

TEST(NetBackwardTest, ParamGradientsAddUpUntilTheyAreCleared) {
  ASSERT_OK_AND_ASSIGN(
      auto net, RunNet("layer { name: 'a' type: 'Scale' bottom: 'x' top: 'y' "
                       "loss_weight: 1 }"));
  ASSERT_OK(net->Backward());
  ASSERT_OK(net->Backward());
  EXPECT_THAT(ParamDiff(*net, 0), ElementsAre(6, 10));
  net->ClearParamDiffs();
  EXPECT_THAT(ParamDiff(*net, 0), ElementsAre(0, 0));
  ASSERT_OK(net->Backward());
  EXPECT_THAT(ParamDiff(*net, 0), ElementsAre(3, 5));
}

TEST(NetBackwardTest, GradientsOfTwoReadersAddUp) {
  ASSERT_OK_AND_ASSIGN(
      auto net,
      RunNet(absl::StrCat(
          kScale,
          "layer { name: 'p' type: 'Power' bottom: 'y' top: 'p' loss_weight: 1 "
          "power_param { scale: 4 } }"
          "layer { name: 'q' type: 'Power' bottom: 'y' top: 'q' loss_weight: 1 "
          "power_param { power: 2 } }")));
  ASSERT_OK(net->Backward());
  EXPECT_THAT(DiffOf(*net, "y"), ElementsAre(4 + 2 * 6, 4 + 2 * 35));
  EXPECT_THAT(ParamDiff(*net, 0), ElementsAre(3 * 16, 5 * 74));
}

TEST(NetBackwardTest, BlobThatIsReadAndWeightedHasBothGradients) {
  ASSERT_OK_AND_ASSIGN(
      auto net,
      RunNet("layer { name: 'a' type: 'Bias' bottom: 'x' top: 'y' loss_weight: "
             "10 }"
             "layer { name: 'p' type: 'Power' bottom: 'y' top: 'z' "
             "loss_weight: 1 power_param { scale: 4 } }"));
  EXPECT_EQ(net->loss(), 14 * 8);
  ASSERT_OK(net->Backward());
  EXPECT_THAT(DiffOf(*net, "y"), ElementsAre(14, 14));
}

TEST(NetBackwardTest, SharedParamsAreOneWithTheSumOfGradients) {
  // z = (x * w) * w.
  ASSERT_OK_AND_ASSIGN(
      auto net,
      RunNet("layer { name: 'a' type: 'Scale' bottom: 'x' top: 'y' param { "
             "name: 'w' lr_mult: 3 } blobs { shape { dim: 2 } data: [2, 7] } }"
             "layer { name: 'b' type: 'Scale' bottom: 'y' top: 'z' param { "
             "name: 'w' decay_mult: 0.5 } loss_weight: 1 }"));
  ASSERT_EQ(net->params().size(), 1u);
  const Net::Param& param = net->params()[0];
  EXPECT_EQ(net->layer(param.layer).name(), "a");
  EXPECT_EQ(param.lr_mult, 3);
  EXPECT_EQ(param.decay_mult, 0.5);
  ASSERT_OK(net->Backward());
  EXPECT_THAT(param.diff.values(), ElementsAre(2 * 2 * 3, 2 * 7 * 5));
}

TEST(NetBackwardTest, SharedParamsMustAgreeOnTheirMultipliers) {
  EXPECT_THAT(
      RunNet("layer { name: 'a' type: 'Scale' bottom: 'x' top: 'y' param { "
             "name: 'w' lr_mult: 3 } }"
             "layer { name: 'b' type: 'Scale' bottom: 'y' top: 'z' param { "
             "name: 'w' lr_mult: 2 } }"),
      StatusIs(absl::StatusCode::kInvalidArgument, "param.lr_mult"));
}

TEST(NetBackwardTest, NewParamValuesAreUsed) {
  ASSERT_OK_AND_ASSIGN(
      auto net,
      RunNet("layer { name: 'f' type: 'InnerProduct' bottom: 'x' top: 'y' "
             "loss_weight: 1 inner_product_param { num_output: 1 bias_term: "
             "false } blobs { shape { dim: 1 dim: 2 } data: [1, 1] } }"));
  EXPECT_EQ(net->loss(), 8);
  Tensor value = net->params()[0].value;
  value.data()[0] = 2;
  net->ParamsChanged();
  ASSERT_OK(net->Forward());
  EXPECT_EQ(net->loss(), 11);
}

TEST(NetBackwardTest, WhatNothingLearnsFromHasNoGradient) {
  ASSERT_OK_AND_ASSIGN(
      auto net,
      RunNet("layer { name: 'a' type: 'Scale' bottom: 'x' top: 'y' param { "
             "lr_mult: 0 } }"
             "layer { name: 'b' type: 'Bias' bottom: 'y' top: 'z' "
             "loss_weight: 1 }"));
  ASSERT_OK(net->Backward());
  EXPECT_THAT(DiffOf(*net, "y"), ElementsAre(0, 0));
  EXPECT_THAT(ParamDiff(*net, 0), ElementsAre(0, 0));
  EXPECT_THAT(ParamDiff(*net, 1), ElementsAre(1, 1));
}

TEST(NetBackwardTest, PropagateDownFalseCutsTheWay) {
  ASSERT_OK_AND_ASSIGN(
      auto net,
      RunNet(absl::StrCat(kScale,
                          "layer { name: 'r' type: 'ReLU' bottom: 'y' top: 'z' "
                          "propagate_down: false loss_weight: 1 }")));
  ASSERT_OK(net->Backward());
  EXPECT_THAT(ParamDiff(*net, 0), ElementsAre(0, 0));
  EXPECT_THAT(RunNet("layer { name: 'r' type: 'ReLU' bottom: 'x' top: 'z' "
                     "propagate_down: false propagate_down: true }"),
              StatusIs(absl::StatusCode::kInvalidArgument, "propagate_down"));
}

TEST(NetBackwardTest, GivenGradientOfAnOutputIsUsed) {
  caffe::NetParameter model;
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(
      absl::StrCat("force_backward: true layer { name: 'in' type: 'Input' top: "
                   "'x' input_param { shape { dim: 1 dim: 2 } } } ",
                   kScale),
      &model));
  Net::Options options;
  options.backward = true;
  ASSERT_OK_AND_ASSIGN(auto net, Net::Create(model, options, MakeLayer));
  ASSERT_OK(net->Forward());
  net->MutableDiff("y").value()->data()[1] = 3;
  ASSERT_OK(net->Backward());
  EXPECT_THAT(DiffOf(*net, "x"), ElementsAre(0, 21));
}

TEST(NetBackwardTest, InferenceNetHasNoGradients) {
  ASSERT_OK_AND_ASSIGN(auto net, RunNet(kScale, /*backward=*/false));
  EXPECT_THAT(net->Diff("y"), HasReason("BLOB_NOT_FOUND"));
  EXPECT_THAT(net->MutableDiff("y"), HasReason("BLOB_NOT_FOUND"));
  EXPECT_TRUE(net->params().empty());
  ASSERT_OK_AND_ASSIGN(net, RunNet(kScale));
  EXPECT_THAT(net->Diff("q"), HasReason("BLOB_NOT_FOUND"));
}

TEST(NetBackwardTest, GradientsFollowTheShapeOfTheirBlobs) {
  ASSERT_OK_AND_ASSIGN(
      auto net, RunNet("layer { name: 'a' type: 'Bias' bottom: 'x' top: 'y' "
                       "loss_weight: 1 }"));
  ASSERT_OK(net->MutableBlob("x").value()->Resize({3, 2}));
  ASSERT_OK(net->Forward());
  ASSERT_OK(net->Backward());
  EXPECT_EQ(net->Diff("y").value()->shape(), Shape({3, 2}));
  EXPECT_THAT(ParamDiff(*net, 0), ElementsAre(3, 3));
}

}  // namespace
}  // namespace quantd
