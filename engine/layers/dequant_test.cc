#include <string>

#include "base/testing/status_matchers.h"
#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {
namespace {

LayerTester DeQuant(const std::string& param) {
  return LayerTester("type: 'DeQuant' bottom: 'x' top: 'x' dequant_param { " +
                     param + " }");
}

TEST(DeQuantLayerTest, OneValueForAllChannels) {
  LayerTester layer = DeQuant("");
  layer.Blob({1}, {0.5f}).Blob({1}, {1}).Blob({1}, {0});
  layer.Input("x", {1, 3, 1, 1}, {1.25f, -0.25f, 1e9f});
  ASSERT_OK(layer.Forward());
  EXPECT_THAT(layer.Output("x"), Values({2, -1, 32767}));
}

TEST(DeQuantLayerTest, ChannelsAreAxisOneOfFour) {
  LayerTester layer = DeQuant("channel_wise: true");
  layer.Blob({2}, {1, 0.5f}).Blob({2}, {1, 2}).Blob({2}, {0, 0});
  layer.Input("x", {2, 2, 1, 2}, {5, 7, 5, 7, 1, 3, 1, 3});
  ASSERT_OK(layer.Forward());
  EXPECT_THAT(layer.Output("x"), Values({6, 8, 6, 8, 2, 4, 2, 4}));
  // Without four axes there is one value, channel_wise or not.
  LayerTester flat = DeQuant("channel_wise: true");
  flat.Blob({1}, {1}).Blob({1}, {3}).Blob({1}, {0});
  flat.Input("x", {1, 2}, {5, 13});
  ASSERT_OK(flat.Forward());
  EXPECT_THAT(flat.Output("x"), Values({8, 16}));
}

TEST(DeQuantLayerTest, WithoutShiftsTheTopIsTheBottom) {
  LayerTester layer = DeQuant("channel_wise: true");
  layer.Input("x", {1, 2, 1, 1}, {0.3f, 1e30f});
  ASSERT_OK(layer.Forward());
  EXPECT_THAT(layer.Output("x"), ::testing::ElementsAre(0.3f, 1e30f));
}

TEST(DeQuantLayerTest, LstmHasItsValuesInFields) {
  LayerTester gates = DeQuant(
      "layer_type: 'LSTM_X' deqscale: 1 deqscale: 1 deqscale: 1 deqscale: 1 "
      "shift_bit: 1 shift_bit: 2 shift_bit: 3 shift_bit: 4 offset: 0 "
      "offset: 0 offset: 0 offset: 0");
  gates.Input("x", {1, 2, 8}, {9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9});
  ASSERT_OK(gates.Forward());
  EXPECT_THAT(gates.Output("x"),
              Values({10, 10, 8, 8, 8, 8, 16, 16, 10, 10, 8, 8, 8, 8, 16, 16}));
  LayerTester still = DeQuant(
      "layer_type: 'LSTM_S' deqscale: 1 deqscale: 1 shift_bit: 1 shift_bit: 2");
  still.Input("x", {1, 2}, {5, 5});
  ASSERT_OK(still.Forward());
  EXPECT_THAT(still.Output("x"), Values({6, 4}));
}

TEST(DeQuantLayerTest, RefusesBadValues) {
  LayerTester mixed = DeQuant("channel_wise: true");
  mixed.Blob({2}, {1, 1}).Blob({2}, {0, 3}).Blob({2}, {0, 0});
  mixed.Input("x", {1, 2, 1, 1});
  EXPECT_THAT(mixed.Forward(), HasReason("OPTION_OUT_OF_RANGE"));
  for (const std::string fields :
       {"", "deqscale: 1 shift_bit: 17", "deqscale: 1",
        "deqscale: 1 shift_bit: 1 offset: 0 offset: 0"}) {
    LayerTester layer = DeQuant("layer_type: 'LSTM_H' " + fields);
    layer.Input("x", {1, 1, 4});
    EXPECT_FALSE(layer.Forward().ok()) << fields;
  }
  LayerTester gates = DeQuant(
      "layer_type: 'LSTM_H' deqscale: 1 deqscale: 1 shift_bit: 1 shift_bit: 1");
  gates.Input("x", {1, 1, 5});
  EXPECT_THAT(gates.Forward(), HasReason("LAYER_SHAPE_INVALID"));
  gates.Input("x", {1, 4});
  EXPECT_THAT(gates.Forward(), HasReason("LAYER_SHAPE_INVALID"));
}

TEST(DeQuantLayerTest, GradientPassesAlsoWhereClipped) {
  for (const char* top : {"y", "x"}) {
    LayerTester layer(
        absl::StrCat("type: 'DeQuant' bottom: 'x' top: '", top, "'"));
    layer.Blob({1}, {1}).Blob({1}, {1}).Blob({1}, {0});
    layer.Input("x", {3}, {0.1f, 1e9f, -1e9f});
    ASSERT_OK(layer.Backward({{top, {1, 2, 3}}}));
    EXPECT_THAT(layer.InputDiff("x"), Values({1, 2, 3}));
  }
}

TEST(DeQuantLayerTest, AntiQuantIsACopy) {
  LayerTester layer("type: 'AntiQuant' bottom: 'x' top: 'y'");
  layer.Input("x", {2}, {1, -2});
  ASSERT_OK(layer.Forward());
  EXPECT_THAT(layer.Output("y"), Values({1, -2}));
}

}  // namespace
}  // namespace quantd::testing
