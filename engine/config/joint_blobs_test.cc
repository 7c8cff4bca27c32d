#include "engine/config/joint_blobs.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace quantd {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

caffe::NetParameter Net(const std::string& text) {
  caffe::NetParameter net;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &net));
  return net;
}

// A plan of `blobs`, each read by a layer of the same name.
QuantPlan PlanOf(const std::vector<std::string>& blobs) {
  QuantPlan plan;
  for (const std::string& name : blobs) {
    plan.blobs.emplace_back();
    plan.blobs.back().blob = name;
    plan.blobs.back().consumers = {{0, "of_" + name, 0}};
  }
  return plan;
}

constexpr char kConcat[] = R"pb(
  layer { name: "cat" type: "Concat" bottom: "a" bottom: "b" top: "c" }
  layer { name: "conv" type: "Convolution" bottom: "c" top: "d" }
)pb";

TEST(JoinBlobsTest, AConcatAndItsReaderAreSearchedOverTheInputs) {
  QuantPlan plan = PlanOf({"a", "b", "c", "d"});
  JoinBlobs(Net(kConcat), &plan);
  for (int i = 0; i < 3; ++i) {
    EXPECT_THAT(plan.blobs[i].searched, ElementsAre("a", "b")) << i;
  }
  EXPECT_THAT(plan.blobs[3].searched, IsEmpty());
  EXPECT_THAT(plan.warnings, IsEmpty());
}

TEST(JoinBlobsTest, WithAFloatInputOverTheOutput) {
  QuantPlan plan = PlanOf({"a", "c"});
  JoinBlobs(Net(kConcat), &plan);
  EXPECT_THAT(plan.blobs[0].searched, ElementsAre("c"));
  EXPECT_THAT(plan.blobs[1].searched, ElementsAre("c"));
}

TEST(JoinBlobsTest, AtTheEndOfTheNetInputsAreOnTheirOwn) {
  QuantPlan plan = PlanOf({"a", "b"});
  JoinBlobs(Net(kConcat), &plan);
  EXPECT_THAT(plan.blobs[0].searched, IsEmpty());
  EXPECT_THAT(plan.blobs[1].searched, IsEmpty());
}

TEST(JoinBlobsTest, ChainsAreOneGroupThatHoldsEachValueOnce) {
  QuantPlan plan = PlanOf({"x", "s1", "s2", "e", "f", "g", "h"});
  JoinBlobs(
      Net(R"pb(
        layer { name: "s" type: "Slice" bottom: "x" top: "s1" top: "s2" }
        layer { name: "c1" type: "Convolution" bottom: "s1" top: "e" }
        layer { name: "j" type: "Concat" bottom: "e" bottom: "s2" top: "f" }
        layer { name: "r" type: "Reshape" bottom: "f" top: "g" }
        layer { name: "c2" type: "Convolution" bottom: "g" top: "h" }
      )pb"),
      &plan);
  for (int i = 0; i < 6; ++i) {
    EXPECT_THAT(plan.blobs[i].searched, ElementsAre("x", "e")) << i;
  }
  EXPECT_THAT(plan.blobs[6].searched, IsEmpty());
}

TEST(JoinBlobsTest, LooksThroughDropout) {
  QuantPlan plan = PlanOf({"a", "b", "d", "c"});
  JoinBlobs(
      Net(R"pb(
        layer { name: "cat" type: "Concat" bottom: "a" bottom: "b" top: "c" }
        layer { name: "drop" type: "Dropout" bottom: "c" top: "d" }
        layer { name: "conv" type: "Convolution" bottom: "d" top: "e" }
      )pb"),
      &plan);
  for (int i = 0; i < 4; ++i) {
    EXPECT_THAT(plan.blobs[i].searched, ElementsAre("a", "b")) << i;
  }
}

TEST(JoinBlobsTest, OtherLayersDoNotJoin) {
  QuantPlan plan = PlanOf({"a", "b", "c"});
  JoinBlobs(
      Net(R"pb(
        layer { name: "s" type: "Eltwise" bottom: "a" bottom: "b" top: "c" }
      )pb"),
      &plan);
  EXPECT_THAT(plan.blobs[0].searched, IsEmpty());
}

TEST(JoinBlobsTest, ParametersAreThoseOfTheFirst) {
  QuantPlan plan = PlanOf({"a", "b", "c"});
  plan.blobs[0].params.num_bits = 12;
  plan.blobs[2].params.num_bits = 12;
  plan.blobs[2].with_offset = false;
  JoinBlobs(Net(kConcat), &plan);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(plan.blobs[i].params.num_bits, 12) << i;
    EXPECT_TRUE(plan.blobs[i].with_offset) << i;
  }
  ASSERT_EQ(plan.warnings.size(), 2u);
  EXPECT_EQ(plan.warnings[0].reason, "CONSUMER_PARAMS_DIFFER");
  EXPECT_THAT(plan.warnings[0].message,
              HasSubstr("\"of_a\" and \"of_b\" need the same factors"));
  EXPECT_THAT(plan.warnings[1].message, HasSubstr("\"of_c\""));
}

}  // namespace
}  // namespace quantd
