#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/testing/status_matchers.h"
#include "engine/core/net.h"
#include "engine/layers/registry.h"
#include "engine/layers/testing/gradient_check.h"
#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {
namespace {

LayerTester Filter() {
  return LayerTester(
      "type: 'Filter' bottom: 'a' bottom: 'b' bottom: 's' top: 'x' top: 'y'");
}

// x (3, 2), selected by s, times 2.
caffe::NetParameter FilterThenDouble() {
  caffe::NetParameter model;
  for (const char* layer :
       {"type: 'Input' top: 'x' top: 's' "
        "input_param { shape { dim: 3 dim: 2 } shape { dim: 3 } }",
        "type: 'Filter' bottom: 'x' bottom: 's' top: 'y'",
        "type: 'Power' bottom: 'y' top: 'z' power_param { scale: 2 }"}) {
    *model.add_layer() = ParseLayer(layer);
    model.mutable_layer()->rbegin()->set_name(layer);
  }
  return model;
}

TEST(FilterLayerTest, KeepsSelectedItems) {
  LayerTester filter = Filter();
  filter.Input("a", {3}, {1, 2, 3});
  filter.Input("b", {3, 1, 2}, {1, 2, 3, 4, 5, 6});
  filter.Input("s", {3, 1, 1}, {-0.5, 0, 1});
  ASSERT_OK(filter.Forward());
  EXPECT_EQ(filter.OutputShape("x"), Shape({2}));
  EXPECT_THAT(filter.Output("x"), Values({1, 3}));
  EXPECT_EQ(filter.OutputShape("y"), Shape({2, 1, 2}));
  EXPECT_THAT(filter.Output("y"), Values({1, 2, 5, 6}));
}

TEST(FilterLayerTest, EachPassHasItsOwnItems) {
  LayerTester filter = Filter();
  filter.Input("a", {3}, {1, 2, 3}).Input("b", {3, 1}, {4, 5, 6});
  for (const auto& [selector, expected] :
       std::vector<std::pair<std::vector<float>, std::vector<float>>>{
           {{0, 1, 0}, {5}},
           {{0, 0, 0}, {}},
           {{1, 1, 1}, {4, 5, 6}},
           {{1, 0, 1}, {4, 6}}}) {
    filter.Input("s", {3}, selector);
    ASSERT_OK(filter.Forward());
    EXPECT_THAT(filter.Output("y"), Values(expected));
  }
}

TEST(FilterLayerTest, Gradient) {
  LayerTester filter = Filter();
  filter.Input("a", {4, 2}, Noise(8)).Input("b", {4, 3}, Noise(12, 2));
  filter.Input("s", {4}, {0, 1, 1, 0});
  ExpectGradients(filter);
  EXPECT_FALSE(filter.layer().IsDifferentiable(2));
}

TEST(FilterLayerTest, GradientHasTheTopsShape) {
  LayerTester filter = Filter();
  filter.Input("a", {3}).Input("b", {3, 2}).Input("s", {3}, {0, 1, 0});
  ASSERT_OK(filter.Backward({{"y", {5, 6}}}));
  EXPECT_THAT(filter.InputDiff("a"), Values({0, 1, 0}));
  EXPECT_THAT(filter.InputDiff("b"), Values({0, 0, 5, 6, 0, 0}));
}

TEST(FilterLayerTest, LayersBehindItFollow) {
  caffe::NetParameter model = FilterThenDouble();
  model.set_force_backward(true);
  Net::Options options;
  options.backward = true;
  ASSERT_OK_AND_ASSIGN(auto net, Net::Create(model, options, MakeLayer));
  for (const std::vector<float>& selector :
       std::vector<std::vector<float>>{{0, 1, 0}, {1, 1, 1}, {1, 0, 1}}) {
    ASSERT_OK_AND_ASSIGN(Tensor * s, net->MutableBlob("s"));
    std::copy(selector.begin(), selector.end(), s->data());
    ASSERT_OK(net->Forward());
    ASSERT_OK_AND_ASSIGN(Tensor * diff, net->MutableDiff("z"));
    ASSERT_OK_AND_ASSIGN(const Tensor* z, net->Blob("z"));
    EXPECT_EQ(diff->shape(), z->shape());
    std::fill(diff->values().begin(), diff->values().end(), 1.0f);
    ASSERT_OK(net->Backward());
    ASSERT_OK_AND_ASSIGN(const Tensor* dx, net->Diff("x"));
    for (int i = 0; i < 6; ++i) {
      EXPECT_EQ(dx->data()[i], 2 * selector[i / 2]);
    }
  }
}

TEST(FilterLayerTest, RunsInNetsForInference) {
  const caffe::NetParameter model = FilterThenDouble();
  Net::Options options;
  options.inference = true;
  ASSERT_OK_AND_ASSIGN(auto net, Net::Create(model, options, MakeLayer));
  for (const std::vector<float>& selector :
       std::vector<std::vector<float>>{{0, 1, 0}, {1, 1, 1}, {0, 0, 0}}) {
    ASSERT_OK_AND_ASSIGN(Tensor * x, net->MutableBlob("x"));
    std::fill_n(x->data(), 6, 3.0f);
    ASSERT_OK_AND_ASSIGN(Tensor * s, net->MutableBlob("s"));
    std::copy(selector.begin(), selector.end(), s->data());
    ASSERT_OK(net->Forward());
    ASSERT_OK_AND_ASSIGN(const Tensor* z, net->Blob("z"));
    const auto count = std::count(selector.begin(), selector.end(), 1.0f);
    EXPECT_EQ(z->shape(), Shape({count, 2}));
    for (const float value : z->values()) EXPECT_EQ(value, 6);
  }
}

TEST(FilterLayerTest, RefusesWrongShapes) {
  struct Case {
    Shape a, b, s;
  };
  for (const Case& wrong :
       {Case{{3}, {2}, {3}}, Case{{3}, {3}, {3, 2}}, Case{{3}, {3}, {1, 3}},
        Case{{1}, {1}, Shape()}, Case{{1}, Shape(), {1}}}) {
    LayerTester filter = Filter();
    filter.Input("a", wrong.a).Input("b", wrong.b).Input("s", wrong.s);
    EXPECT_THAT(filter.Forward(), HasReason("LAYER_SHAPE_INVALID"))
        << wrong.a.ToString() << " " << wrong.b.ToString() << " "
        << wrong.s.ToString();
  }
}

TEST(FilterLayerTest, RefusesATopForTheSelector) {
  for (const char* tops : {"top: 'x' top: 'y'", ""}) {
    LayerTester filter(
        absl::StrCat("type: 'Filter' bottom: 'a' bottom: 's' ", tops));
    filter.Input("a", {3}).Input("s", {3});
    EXPECT_THAT(filter.Forward(), HasReason("LAYER_ARITY_INVALID"));
  }
}

}  // namespace
}  // namespace quantd::testing
