#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/testing/status_matchers.h"
#include "engine/layers/testing/gradient_check.h"
#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {
namespace {

using FieldsAndValues = std::vector<std::pair<std::string, std::vector<float>>>;

LayerTester Pad(const std::string& fields) {
  return LayerTester(absl::StrCat(
      "type: 'Pad' bottom: 'x' top: 'y' pad_param { ", fields, " }"));
}

LayerTester MirrorPad(const std::string& fields) {
  return LayerTester(
      absl::StrCat("type: 'MirrorPad' bottom: 'x' top: 'y' mirror_pad_param { ",
                   fields, " }"));
}

LayerTester Padding(const std::string& fields) {
  return LayerTester(absl::StrCat(
      "type: 'Padding' bottom: 'x' top: 'y' padding_param { ", fields, " }"));
}

TEST(PadLayerTest, ModesOfOneAxis) {
  for (const auto& [fields, expected] : FieldsAndValues{
           {"pads: 1 pads: 2", {0, 1, 2, 3, 0, 0}},
           {"pads: 1 pads: 0 constant_value: 7", {7, 1, 2, 3}},
           {"pads: 1 pads: 0 constant_values: 8", {8, 1, 2, 3}},
           {"pads: 2 pads: 2 mode: 'reflect'", {3, 2, 1, 2, 3, 2, 1}},
           {"pads: 0 pads: 1 mode: 'reflect'", {1, 2, 3, 2}},
           {"pads: 2 pads: 4 mode: 'edge'", {1, 1, 1, 2, 3, 3, 3, 3, 3}},
           {"pads: -1 pads: 2", {2, 3, 0, 0}},
           {"pads: -1 pads: -1", {2}},
           {"pads: -1 pads: -2", {}},
           {"pads: -3 pads: 2", {0, 0}},
           {"pads: -1 pads: 1 mode: 'reflect'", {2, 3, 2}},
           {"pads: 3 pads: -2 mode: 'edge'", {1, 1, 1, 1}},
           {"pads: 0 pads: 0", {1, 2, 3}}}) {
    LayerTester pad = Pad(fields);
    pad.Input("x", {3}, {1, 2, 3});
    ASSERT_OK(pad.Forward()) << fields;
    EXPECT_THAT(pad.Output("y"), Values(expected)) << fields;
  }
}

TEST(PadLayerTest, PadsAreBeginsThenEnds) {
  LayerTester pad = Pad("pads: 1 pads: 0 pads: 0 pads: 2");
  pad.Input("x", {1, 2}, {1, 2});
  ASSERT_OK(pad.Forward());
  EXPECT_EQ(pad.OutputShape("y"), Shape({2, 4}));
  EXPECT_THAT(pad.Output("y"), Values({0, 0, 0, 0, 1, 2, 0, 0}));
}

TEST(PadLayerTest, PaddingsAreBeginAndEndOfEachAxis) {
  LayerTester pad = Pad("paddings: 1 paddings: 0 paddings: 0 paddings: 2");
  pad.Input("x", {1, 2}, {1, 2});
  ASSERT_OK(pad.Forward());
  EXPECT_EQ(pad.OutputShape("y"), Shape({2, 4}));
  EXPECT_THAT(pad.Output("y"), Values({0, 0, 0, 0, 1, 2, 0, 0}));
}

TEST(PadLayerTest, SeveralAxesMirrored) {
  LayerTester pad = Pad("mode: 'reflect' pads: 1 pads: 1 pads: 0 pads: 1");
  pad.Input("x", {2, 3}, {1, 2, 3, 4, 5, 6});
  ASSERT_OK(pad.Forward());
  EXPECT_EQ(pad.OutputShape("y"), Shape({3, 5}));
  EXPECT_THAT(pad.Output("y"),
              Values({5, 4, 5, 6, 5, 2, 1, 2, 3, 2, 5, 4, 5, 6, 5}));
}

TEST(PadLayerTest, RefusesWrongFields) {
  for (const char* fields :
       {"", "pads: 1", "pads: 1 pads: 1 pads: 1 pads: 1", "paddings: 1",
        "pads: 1 pads: 1 paddings: 1 paddings: 1", "pads: -2 pads: -2",
        "pads: 3 pads: 0 mode: 'reflect'", "pads: 0 pads: 3 mode: 'reflect'",
        "pads: -3 pads: 1 mode: 'edge'", "pads: 0 pads: 0 mode: 'wrap'",
        "pads: 0 pads: 0 mode: 'EDGE'",
        "pads: -9223372036854775808 pads: 9223372036854775807"}) {
    LayerTester pad = Pad(fields);
    pad.Input("x", {3});
    EXPECT_THAT(pad.Forward(), HasReason("LAYER_PARAMETER_INVALID")) << fields;
  }
}

TEST(PadLayerTest, RefusesHugeTops) {
  for (const char* fields :
       {"pads: 9223372036854775807 pads: 9223372036854775807",
        "pads: 2147483647 pads: 0", "paddings: 4294967295 paddings: 4294967295",
        "mode: 'edge' pads: 0 pads: 9223372036854775807"}) {
    LayerTester pad = Pad(fields);
    pad.Input("x", {3});
    EXPECT_FALSE(pad.Forward().ok()) << fields;
  }
}

TEST(PadLayerTest, Gradients) {
  for (const char* fields : {"pads: 1 pads: -1 pads: 0 pads: 2",
                             "mode: 'reflect' pads: 1 pads: 2 pads: 1 pads: 2",
                             "mode: 'edge' pads: 2 pads: -1 pads: 1 pads: 3"}) {
    LayerTester pad = Pad(fields);
    pad.Input("x", {3, 4}, Noise(12));
    ExpectGradients(pad);
  }
}

TEST(MirrorPadLayerTest, Modes) {
  for (const auto& [fields, expected] : FieldsAndValues{
           {"paddings: 1 paddings: 2", {0, 1, 2, 3, 0, 0}},
           {"paddings: 1 paddings: 0 constant_values: 7", {7, 1, 2, 3}},
           {"paddings: 2 paddings: 1 mode: 'REFLECT'", {3, 2, 1, 2, 3, 2}},
           {"paddings: 3 paddings: 2 mode: 'SYMMETRIC'",
            {3, 2, 1, 1, 2, 3, 3, 2}},
           {"paddings: 1 paddings: 2 mode: 'EDGE'", {1, 1, 2, 3, 3, 3}}}) {
    LayerTester pad = MirrorPad(fields);
    pad.Input("x", {3}, {1, 2, 3});
    ASSERT_OK(pad.Forward()) << fields;
    EXPECT_THAT(pad.Output("y"), Values(expected)) << fields;
  }
}

TEST(MirrorPadLayerTest, RefusesWrongFields) {
  for (const char* fields :
       {"paddings: 1", "paddings: 1 paddings: 1 mode: 'reflect'",
        "paddings: 4 paddings: 0 mode: 'SYMMETRIC'",
        "paddings: 3 paddings: 0 mode: 'REFLECT'"}) {
    LayerTester pad = MirrorPad(fields);
    pad.Input("x", {3});
    EXPECT_THAT(pad.Forward(), HasReason("LAYER_PARAMETER_INVALID")) << fields;
  }
}

TEST(MirrorPadLayerTest, Gradient) {
  LayerTester pad = MirrorPad(
      "mode: 'SYMMETRIC' paddings: 2 paddings: 1 paddings: 0 paddings: 3");
  pad.Input("x", {2, 3}, Noise(6));
  ExpectGradients(pad);
}

TEST(PaddingLayerTest, LastTwoAxes) {
  LayerTester pad = Padding("pad_l: 1 pad_b: 1 pad_value: -2");
  pad.Input("x", {2, 1, 2}, {1, 2, 3, 4});
  ASSERT_OK(pad.Forward());
  EXPECT_EQ(pad.OutputShape("y"), Shape({2, 2, 3}));
  EXPECT_THAT(pad.Output("y"),
              Values({-2, 1, 2, -2, -2, -2, -2, 3, 4, -2, -2, -2}));
}

TEST(PaddingLayerTest, TopAndRight) {
  LayerTester pad = Padding("pad_t: 1 pad_r: 1");
  pad.Input("x", {1, 1}, {5});
  ASSERT_OK(pad.Forward());
  EXPECT_THAT(pad.Output("y"), Values({0, 0, 5, 0}));
}

TEST(PaddingLayerTest, RefusesOneAxis) {
  LayerTester pad = Padding("pad_l: 1");
  pad.Input("x", {3});
  EXPECT_THAT(pad.Forward(), HasReason("LAYER_PARAMETER_INVALID"));
}

}  // namespace
}  // namespace quantd::testing
