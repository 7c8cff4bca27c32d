#include <cmath>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/testing/status_matchers.h"
#include "engine/layers/testing/gradient_check.h"
#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {
namespace {

LayerTester Embed(const std::string& fields) {
  return LayerTester(absl::StrCat(
      "type: 'Embed' bottom: 'x' top: 'y' embed_param { ", fields, " }"));
}

TEST(EmbedLayerTest, RowsPlusBias) {
  LayerTester embed = Embed("input_dim: 3 num_output: 2");
  embed.Input("x", {2, 2}, {2, 0, 1, 2});
  embed.Blob({3, 2}, {1, 2, 3, 4, 5, 6}).Blob({2}, {10, 20});
  ASSERT_OK(embed.Forward());
  EXPECT_EQ(embed.OutputShape("y"), Shape({2, 2, 2}));
  EXPECT_THAT(embed.Output("y"), Values({15, 26, 11, 22, 13, 24, 15, 26}));
}

TEST(EmbedLayerTest, WithoutBias) {
  LayerTester embed = Embed("input_dim: 3 num_output: 2 bias_term: false");
  // Fractions are cut off.
  embed.Input("x", {2}, {1.75f, 0});
  embed.Blob({3, 2}, {1, 2, 3, 4, 5, 6});
  ASSERT_OK(embed.Forward());
  EXPECT_THAT(embed.Output("y"), Values({3, 4, 1, 2}));
}

TEST(EmbedLayerTest, Fillers) {
  LayerTester embed = Embed(
      "input_dim: 3 num_output: 2 "
      "weight_filler { type: 'constant' value: 2 } "
      "bias_filler { type: 'constant' value: 0.5 }");
  embed.Input("x", Shape(), {1});
  ASSERT_OK(embed.Forward());
  EXPECT_EQ(embed.OutputShape("y"), Shape({2}));
  EXPECT_THAT(embed.Output("y"), Values({2.5, 2.5}));
}

TEST(EmbedLayerTest, RefusesIndicesWithoutARow) {
  for (const float index : {-1.f, 3.f, 1e30f, NAN}) {
    LayerTester embed = Embed("input_dim: 3 num_output: 2");
    embed.Input("x", {1}, {index});
    EXPECT_THAT(embed.Forward(), HasReason("LAYER_INPUT_INVALID")) << index;
  }
}

TEST(EmbedLayerTest, RefusesWrongFields) {
  for (const char* fields :
       {"input_dim: 3", "num_output: 2", "input_dim: 0 num_output: 2",
        "input_dim: 3 num_output: 4294967295"}) {
    LayerTester embed = Embed(fields);
    embed.Input("x", {1});
    EXPECT_THAT(embed.Forward(), HasReason("LAYER_PARAMETER_INVALID"))
        << fields;
  }
}

TEST(EmbedLayerTest, GradientsOfTheBlobsOnly) {
  LayerTester embed = Embed("input_dim: 4 num_output: 3");
  embed.Input("x", {5}, {2, 0, 2, 3, 2});
  embed.Blob({4, 3}, Noise(12)).Blob({3}, Noise(3, 2));
  ExpectGradients(embed);
  EXPECT_FALSE(embed.layer().IsDifferentiable(0));
}

}  // namespace
}  // namespace quantd::testing
