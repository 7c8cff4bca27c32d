#include "engine/model/phase_filter.h"

#include <string>

#include "base/testing/status_matchers.h"
#include "engine/model/prototxt.h"

namespace quantd {
namespace {

using ::quantd::testing::HasReason;
using ::quantd::testing::StatusIs;

// Names of the selected layers, separated by blanks.
std::string Selected(const std::string& net_text,
                     const std::string& state_text) {
  caffe::NetState state;
  EXPECT_OK(ParsePrototxt(state_text, "state", &state));
  auto net = ParseNetPrototxt(net_text, "net");
  EXPECT_OK(net);
  const auto filtered = FilterNet(*std::move(net), state);
  EXPECT_OK(filtered);
  std::string names;
  for (const caffe::LayerParameter& layer : filtered->layer()) {
    EXPECT_EQ(layer.include_size() + layer.exclude_size(), 0);
    names += names.empty() ? layer.name() : " " + layer.name();
  }
  return names;
}

TEST(PhaseFilterTest, IncludeAndExclude) {
  const std::string net =
      "layer { name: \"a\" } "
      "layer { name: \"b\" include { phase: TRAIN } } "
      "layer { name: \"c\" include { phase: TRAIN } include { phase: TEST } } "
      "layer { name: \"d\" exclude { phase: TEST } } "
      "layer { name: \"e\" phase: TRAIN }";
  EXPECT_EQ(Selected(net, "phase: TEST"), "a c e");
  EXPECT_EQ(Selected(net, "phase: TRAIN"), "a b c d e");
}

TEST(PhaseFilterTest, LevelsAndStages) {
  const std::string net =
      "layer { name: \"low\" include { max_level: 1 } } "
      "layer { name: \"high\" include { min_level: 2 } } "
      "layer { name: \"both\" include { stage: \"x\" stage: \"y\" } } "
      "layer { name: \"notz\" include { not_stage: \"z\" } } "
      "layer { name: \"xnotz\" include { stage: \"x\" not_stage: \"z\" } }";
  EXPECT_EQ(Selected(net, "level: 1"), "low notz");
  EXPECT_EQ(Selected(net, "level: 2 stage: \"x\""), "high notz xnotz");
  EXPECT_EQ(Selected(net, "stage: \"y\" stage: \"z\" stage: \"x\""),
            "low both");
}

TEST(PhaseFilterTest, NamesRepeatAcrossPhasesOnly) {
  const std::string net =
      "layer { name: \"d\" top: \"1\" include { phase: TRAIN } } "
      "layer { name: \"d\" top: \"2\" include { phase: TEST } }";
  EXPECT_EQ(Selected(net, "phase: TEST"), "d");
}

TEST(PhaseFilterTest, RefusesBadLayers) {
  for (const char* text : {
           "layer { name: \"a\" include { } exclude { } }",
           "layer { name: \"a\" } layer { name: \"a\" }",
           "layer { type: \"ReLU\" }",
       }) {
    ASSERT_OK_AND_ASSIGN(caffe::NetParameter net,
                         ParseNetPrototxt(text, "net"));
    EXPECT_THAT(FilterNet(net, caffe::NetState()), HasReason("MODEL_INVALID"))
        << text;
  }
}

}  // namespace
}  // namespace quantd
