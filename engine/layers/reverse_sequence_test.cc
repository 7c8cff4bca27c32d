#include <cmath>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/testing/status_matchers.h"
#include "engine/layers/testing/gradient_check.h"
#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {
namespace {

LayerTester ReverseSequence(const std::string& fields) {
  return LayerTester(
      absl::StrCat("type: 'ReverseSequence' bottom: 'x' bottom: 'n' top: 'y' "
                   "reverse_sequence_param { ",
                   fields, " }"));
}

TEST(ReverseSequenceLayerTest, SequencesBehindTheBatch) {
  LayerTester reverse = ReverseSequence("seq_axis: 1 batch_axis: 0");
  reverse.Input("x", {3, 3}, {1, 2, 3, 4, 5, 6, 7, 8, 9});
  reverse.Input("n", {3}, {2, 0, 3});
  ASSERT_OK(reverse.Forward());
  EXPECT_THAT(reverse.Output("y"), Values({2, 1, 3, 4, 5, 6, 9, 8, 7}));
}

TEST(ReverseSequenceLayerTest, SequencesBeforeTheBatch) {
  LayerTester reverse = ReverseSequence("seq_axis: 0 batch_axis: 2");
  reverse.Input("x", {3, 1, 2, 2}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12});
  reverse.Input("n", {2}, {3, 2});
  ASSERT_OK(reverse.Forward());
  EXPECT_THAT(reverse.Output("y"),
              Values({9, 10, 7, 8, 5, 6, 3, 4, 1, 2, 11, 12}));
}

TEST(ReverseSequenceLayerTest, RefusesWrongLengths) {
  for (const float length : {-1.f, 4.f, NAN}) {
    LayerTester reverse = ReverseSequence("seq_axis: 1");
    reverse.Input("x", {1, 3}).Input("n", {1}, {length});
    EXPECT_THAT(reverse.Forward(), HasReason("LAYER_INPUT_INVALID")) << length;
  }
  LayerTester reverse = ReverseSequence("seq_axis: 1");
  reverse.Input("x", {1, 3}).Input("n", {2});
  EXPECT_THAT(reverse.Forward(), HasReason("LAYER_SHAPE_INVALID"));
}

TEST(ReverseSequenceLayerTest, RefusesWrongAxes) {
  for (const char* fields : {"", "seq_axis: 1 batch_axis: 1", "seq_axis: 2",
                             "batch_axis: 2", "seq_axis: 4294967295"}) {
    LayerTester reverse = ReverseSequence(fields);
    reverse.Input("x", {2, 2}).Input("n", {2});
    EXPECT_THAT(reverse.Forward(), HasReason("LAYER_PARAMETER_INVALID"))
        << fields;
  }
}

TEST(ReverseSequenceLayerTest, Gradient) {
  LayerTester reverse = ReverseSequence("seq_axis: 0 batch_axis: 1");
  reverse.Input("x", {3, 2, 2}, Noise(12)).Input("n", {2}, {3, 2});
  ExpectGradients(reverse);
}

}  // namespace
}  // namespace quantd::testing
