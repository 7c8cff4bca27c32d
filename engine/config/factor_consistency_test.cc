#include "engine/config/factor_consistency.h"

#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace quantd {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

template <typename Message>
Message Parse(const char* text) {
  Message message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message));
  return message;
}

class FactorConsistencyTest : public ::testing::Test {
 protected:
  FactorConsistencyTest() {
    net_ = Parse<caffe::NetParameter>(R"pb(
      layer { name: "cat" type: "Concat" bottom: "a" bottom: "b" top: "c" }
      layer { name: "conv" type: "Convolution" bottom: "c" top: "d" }
    )pb");
    record_ = Parse<amct::ScaleOffsetRecord>(R"pb(
      record {
        key: "cat"
        value {
          record_d { index: 0 scale_d: 1 offset_d: 2 }
          record_d { index: 1 scale_d: 1 offset_d: 2 num_bits_d: 8 }
        }
      }
      record {
        key: "conv"
        value { record_d { index: 0 scale_d: 1 offset_d: 2 } }
      }
    )pb");
    plan_.blobs.resize(3);
    plan_.blobs[0].blob = "a";
    plan_.blobs[0].consumers = {{0, "cat", 0}};
    plan_.blobs[1].blob = "b";
    plan_.blobs[1].consumers = {{0, "cat", 1}};
    plan_.blobs[2].blob = "c";
    plan_.blobs[2].consumers = {{1, "conv", 0}};
  }

  caffe::NetParameter net_;
  amct::ScaleOffsetRecord record_;
  QuantPlan plan_;
};

TEST_F(FactorConsistencyTest, EqualFactorsAreFine) {
  EXPECT_THAT(FindInconsistentFactors(net_, plan_, record_), IsEmpty());
}

TEST_F(FactorConsistencyTest, OneWarningPerLayerInAmctsWords) {
  auto* cat = record_.mutable_record(0)->mutable_value();
  cat->mutable_record_d(0)->set_scale_d(3);
  cat->mutable_record_d(1)->set_offset_d(3);
  const auto warnings = FindInconsistentFactors(net_, plan_, record_);
  ASSERT_THAT(warnings, SizeIs(1));
  EXPECT_EQ(warnings[0].message,
            "Layer conv should have consistent scale_d and offset_d with no "
            "command layer cat");
}

TEST_F(FactorConsistencyTest, LooksThroughDropout) {
  caffe::LayerParameter* dropout = net_.add_layer();
  dropout->set_name("drop");
  dropout->set_type("Dropout");
  dropout->add_bottom("c");
  dropout->add_top("dropped");
  net_.mutable_layer(1)->set_bottom(0, "dropped");
  net_.mutable_layer()->SwapElements(1, 2);
  plan_.blobs[2].blob = "dropped";
  record_.mutable_record(1)->mutable_value()->mutable_record_d(0)->set_scale_d(
      3);
  EXPECT_THAT(FindInconsistentFactors(net_, plan_, record_), SizeIs(1));
}

TEST_F(FactorConsistencyTest, TheEndOfTheNetAndFloatReadersAreLeftAlone) {
  record_.mutable_record(1)->mutable_value()->mutable_record_d(0)->set_scale_d(
      3);
  plan_.blobs.pop_back();
  EXPECT_THAT(FindInconsistentFactors(net_, plan_, record_), IsEmpty());
}

}  // namespace
}  // namespace quantd
