#include <cmath>
#include <fstream>
#include <string>
#include <vector>

#include "base/testing/status_matchers.h"
#include "engine/layers/testing/gradient_check.h"
#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {
namespace {

constexpr char kThreeBottoms[] =
    "type: 'InfogainLoss' bottom: 'x' bottom: 'label' bottom: 'h' top: 'loss' ";

std::string LayerWithSource(const std::string& source) {
  return absl::StrCat(
      "type: 'InfogainLoss' bottom: 'x' bottom: 'label' top: 'loss' "
      "infogain_loss_param { source: '",
      source, "' }");
}

// The path of a file with `bytes`.
std::string WriteFile(const std::string& name, const std::string& bytes) {
  const std::string path = absl::StrCat(::testing::TempDir(), "/", name);
  std::ofstream(path, std::ios::binary) << bytes;
  return path;
}

caffe::BlobProto Matrix(const std::vector<float>& values, int64_t n) {
  caffe::BlobProto proto;
  for (int64_t dim : {int64_t{1}, int64_t{1}, n, n}) {
    proto.mutable_shape()->add_dim(dim);
  }
  for (float value : values) proto.add_data(value);
  return proto;
}

// Probabilities 1/4 and 3/4.
void SetInputs(LayerTester* loss) {
  loss->Input("x", {1, 2}, {0, std::log(3.0f)});
  loss->Input("label", {1}, {0});
}

const float kExpected = 2 * std::log(4.0f) + 0.5f * std::log(4.0f / 3);

TEST(InfogainLossLayerTest, MatrixOfABottom) {
  LayerTester loss(kThreeBottoms);
  SetInputs(&loss);
  loss.Input("h", {1, 1, 2, 2}, {2, 0.5, 7, 7});
  ASSERT_OK(loss.Backward());
  EXPECT_THAT(loss.Output("loss"), Values({kExpected}));
  EXPECT_THAT(loss.InputDiff("x"), Values({2.5f / 4 - 2, 2.5f * 3 / 4 - 0.5f}));
}

TEST(InfogainLossLayerTest, MatrixOfAFile) {
  const std::string path =
      WriteFile("h.binaryproto", Matrix({2, 0.5, 7, 7}, 2).SerializeAsString());
  LayerTester loss(LayerWithSource(path) + " top: 'p'");
  SetInputs(&loss);
  ASSERT_OK(loss.Forward());
  EXPECT_THAT(loss.Output("loss"), Values({kExpected}));
  EXPECT_THAT(loss.Output("p"), Values({0.25, 0.75}));
}

TEST(InfogainLossLayerTest, Gradients) {
  for (const char* fields :
       {"", "loss_param { ignore_label: 1 }",
        "infogain_loss_param { axis: -2 } loss_param { normalization: FULL }",
        "loss_param { normalization: NONE } loss_weight: 0.5"}) {
    LayerTester loss(absl::StrCat(kThreeBottoms, fields));
    loss.Input("x", {2, 3, 2}, Noise(12));
    loss.Input("label", {2, 2}, {0, 1, 2, 1});
    loss.Input("h", {3, 3}, Noise(9, 5));
    GradientCheck check;
    check.inputs = {"x"};
    ExpectGradients(loss, check);
  }
}

TEST(InfogainLossLayerTest, RefusesBadMatrices) {
  const std::string bad[] = {
      "", "/no/such/file", WriteFile("text", "no proto"),
      WriteFile("short", Matrix({1, 2, 3}, 2).SerializeAsString())};
  for (const std::string& path : bad) {
    LayerTester loss(LayerWithSource(path));
    SetInputs(&loss);
    EXPECT_THAT(loss.Forward(), HasReason("LAYER_PARAMETER_INVALID")) << path;
  }
  for (const Shape& shape :
       {Shape({1, 1, 3, 3}), Shape({4}), Shape({2, 2, 2}), Shape()}) {
    LayerTester loss(kThreeBottoms);
    SetInputs(&loss);
    loss.Input("h", shape);
    EXPECT_THAT(loss.Forward(), HasReason("LAYER_SHAPE_INVALID"));
  }
}

TEST(InfogainLossLayerTest, RefusesBadLabels) {
  LayerTester loss(kThreeBottoms);
  SetInputs(&loss);
  loss.Input("h", {2, 2}).Input("label", {1}, {2});
  EXPECT_THAT(loss.Forward(), HasReason("LABEL_OUT_OF_RANGE"));
}

}  // namespace
}  // namespace quantd::testing
