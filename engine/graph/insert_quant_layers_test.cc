#include "engine/graph/insert_quant_layers.h"

#include "base/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace quantd {
namespace {

using ::quantd::testing::HasReason;
using ::quantd::testing::StatusIs;
using ::testing::ElementsAre;

template <typename Message>
Message Parse(const std::string& text) {
  Message message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message));
  return message;
}

class InsertQuantLayersTest : public ::testing::Test {
 protected:
  InsertQuantLayersTest() {
    net_ = Parse<caffe::NetParameter>(R"pb(
      layer { name: "data" type: "Input" top: "data" }
      layer {
        name: "a"
        type: "Convolution"
        bottom: "data"
        top: "a"
        blobs {}
      }
      layer { name: "relu" type: "ReLU" bottom: "a" top: "r" }
      layer { name: "sum" type: "Eltwise" bottom: "a2" bottom: "data" top: "s" }
    )pb");
    record_ = Parse<amct::ScaleOffsetRecord>(R"pb(
      record {
        key: "a"
        value {
          record_d { scale_d: 0.25 offset_d: -3 index: 0 num_bits_d: 12 }
        }
      }
      record {
        key: "sum"
        value {
          record_d { scale_d: 0.5 offset_d: 0 index: 0 }
          record_d { scale_d: 0.25 offset_d: -3 index: 1 num_bits_d: 12 }
        }
      }
    )pb");
    plan_.blobs.resize(2);
    plan_.blobs[0].blob = "data";
    plan_.blobs[0].consumers = {{1, "a", 0}, {3, "sum", 1}};
    plan_.blobs[1].blob = "a2";
    plan_.blobs[1].consumers = {{3, "sum", 0}};
    plan_.blobs[1].with_offset = false;
  }

  caffe::NetParameter net_;
  amct::ScaleOffsetRecord record_;
  QuantPlan plan_;
};

TEST_F(InsertQuantLayersTest, OneLayerPerBlobInFrontOfItsFirstConsumer) {
  ASSERT_OK_AND_ASSIGN(const caffe::NetParameter net,
                       InsertQuantLayers(net_, plan_, record_));
  std::vector<std::string> names;
  for (const auto& layer : net.layer()) names.push_back(layer.name());
  EXPECT_THAT(names, ElementsAre("data", "a_0_quant_layer", "a", "relu",
                                 "sum_0_quant_layer", "sum"));
  EXPECT_EQ(net.layer(1).DebugString(), Parse<caffe::LayerParameter>(R"pb(
                                          name: "a_0_quant_layer"
                                          type: "Quant"
                                          bottom: "data"
                                          top: "a_0_quant_layer"
                                          quant_param {
                                            with_offset: true
                                            scale: 4
                                            offset: -3
                                            object_layer: "a"
                                            index: 0
                                            num_bits_d: 12
                                          })pb")
                                            .DebugString());
  EXPECT_THAT(net.layer(2).bottom(), ElementsAre("a_0_quant_layer"));
  EXPECT_EQ(net.layer(2).blobs_size(), 1);
  EXPECT_THAT(net.layer(5).bottom(),
              ElementsAre("sum_0_quant_layer", "a_0_quant_layer"));
  EXPECT_FALSE(net.layer(4).quant_param().with_offset());
  EXPECT_EQ(net.layer(4).quant_param().num_bits_d(), 8);
}

TEST_F(InsertQuantLayersTest, MissingFactorsNameTheLayer) {
  record_.mutable_record(0)->mutable_value()->clear_record_d();
  const auto net = InsertQuantLayers(net_, plan_, record_);
  EXPECT_THAT(net, HasReason("RECORD_INCOMPLETE"));
  EXPECT_THAT(net, StatusIs(absl::StatusCode::kFailedPrecondition,
                            "Cannot find scale_d of layer 'a' in record file"));
}

TEST_F(InsertQuantLayersTest, ATakenNameIsAnError) {
  net_.mutable_layer(2)->set_name("a_0_quant_layer");
  EXPECT_THAT(InsertQuantLayers(net_, plan_, record_),
              HasReason("MODEL_INVALID"));
}

}  // namespace
}  // namespace quantd
