#include "engine/jobs/calibration/factor_records.h"

#include <string>
#include <vector>

#include "base/testing/status_matchers.h"
#include "google/protobuf/text_format.h"

namespace quantd {
namespace {

// A convolution and a pooling that read "x", an Eltwise of both, and a layer
// that stays float.
class FactorRecordsTest : public ::testing::Test {
 protected:
  FactorRecordsTest() {
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(
        "layer { name: 'in' type: 'Input' top: 'x' }"
        "layer { name: 'conv' type: 'Convolution' bottom: 'x' top: 'c' }"
        "layer { name: 'pool' type: 'Pooling' bottom: 'x' top: 'p' }"
        "layer { name: 'sum' type: 'Eltwise' bottom: 'c' bottom: 'p' top: 's' }"
        "layer { name: 'soft' type: 'Softmax' bottom: 's' top: 'y' }",
        &net_));
    plan_.blobs.resize(3);
    plan_.blobs[0].blob = "x";
    plan_.blobs[0].consumers = {{1, "conv", 0}, {2, "pool", 0}};
    // The second input of the Eltwise comes first here.
    plan_.blobs[1].blob = "p";
    plan_.blobs[1].consumers = {{3, "sum", 1}};
    plan_.blobs[2].blob = "c";
    plan_.blobs[2].consumers = {{3, "sum", 0}};
    plan_.blobs[2].params.num_bits = 12;
    plan_.weights.push_back({1, "conv", WeightQuantParams()});
    plan_.floats.push_back({4, "soft", "Softmax", "switched off"});
    factors_.blobs.resize(3);
    for (int i = 0; i < 3; ++i) {
      factors_.blobs[i].ifmr.scale = 0.5f * (i + 1);
      factors_.blobs[i].ifmr.offset = i;
      factors_.blobs[i].shape = Shape({8, 3, 5, 7});
    }
    factors_.weights.push_back({{0.25f, 0.125f}, {0, 0}});
  }

  caffe::NetParameter net_;
  QuantPlan plan_;
  PlanFactors factors_;
};

TEST_F(FactorRecordsTest, RowsAreInNetOrderWithInputsByIndex) {
  const std::vector<v1::LayerRecord> rows =
      MakeLayerRecords(net_, plan_, factors_);
  ASSERT_EQ(rows.size(), 4u);
  EXPECT_EQ(rows[0].layer(), "conv");
  EXPECT_EQ(rows[0].scale_w_size(), 2);
  EXPECT_EQ(rows[0].num_bits_w(), 8);
  EXPECT_EQ(rows[1].layer(), "pool");
  EXPECT_EQ(rows[1].num_bits_w(), 0);
  EXPECT_EQ(rows[1].activations(0).scale_d(), 0.5f);
  ASSERT_EQ(rows[2].activations_size(), 2);
  EXPECT_EQ(rows[2].activations(0).index(), 0);
  EXPECT_EQ(rows[2].activations(0).scale_d(), 1.5f);
  EXPECT_EQ(rows[2].activations(0).num_bits_d(), 12);
  EXPECT_EQ(rows[2].activations(1).scale_d(), 1.0f);
  EXPECT_EQ(rows[2].activations(1).channels(), 3);
  EXPECT_EQ(rows[2].activations(1).height(), 5);
  EXPECT_EQ(rows[2].activations(1).width(), 7);
  EXPECT_FALSE(rows[3].quantized());
  EXPECT_EQ(rows[3].float_reason(), "switched off");
}

TEST_F(FactorRecordsTest, TheRecordHasQuantizedLayersOnly) {
  const amct::ScaleOffsetRecord record = MakeRecord(net_, plan_, factors_);
  ASSERT_EQ(record.record_size(), 3);
  EXPECT_EQ(record.record(0).key(), "conv");
  EXPECT_EQ(record.record(0).value().scale_w(1), 0.125f);
  EXPECT_EQ(record.record(0).value().record_d(0).offset_d(), 0);
  EXPECT_EQ(record.record(1).value().scale_w_size(), 0);
  EXPECT_EQ(record.record(2).value().record_d(1).index(), 1);
}

TEST_F(FactorRecordsTest, TheWeightsAlone) {
  plan_.weights[0].params.num_bits = 4;
  const amct::ScaleOffsetRecord record = WeightRecord(plan_, factors_.weights);
  ASSERT_EQ(record.record_size(), 1);
  EXPECT_EQ(record.record(0).key(), "conv");
  const amct::SingleLayerRecord& value = record.record(0).value();
  ASSERT_EQ(value.scale_w_size(), 2);
  EXPECT_EQ(value.scale_w(1), 0.125f);
  EXPECT_EQ(value.offset_w_size(), 2);
  EXPECT_EQ(value.num_bits_w(), 4);
  EXPECT_EQ(value.record_d_size(), 0);
}

// Names of the layers that `record` keeps out of fusion.
std::vector<std::string> Skipped(const amct::ScaleOffsetRecord& record) {
  std::vector<std::string> names;
  for (const auto& entry : record.record()) {
    if (entry.value().skip_fusion()) names.push_back(entry.key());
  }
  return names;
}

TEST_F(FactorRecordsTest, LayersKeptOutOfFusionAreMarked) {
  auto* bn = net_.add_layer();
  bn->set_name("bn");
  bn->set_type("BatchNorm");
  QuantConfig config;
  amct::ScaleOffsetRecord record = MakeRecord(net_, plan_, factors_);
  AddSkipFusion(net_, config, &record);
  EXPECT_EQ(Skipped(record), std::vector<std::string>());
  // "pool" cannot fuse, "gone" was fused; "bn" gets an entry of its own.
  config.skip_fusion_layers = {"bn", "pool", "gone"};
  AddSkipFusion(net_, config, &record);
  EXPECT_EQ(Skipped(record), std::vector<std::string>({"bn"}));
  EXPECT_EQ(record.record_size(), 4);
  // Without any fusion the convolutions are enough.
  config.skip_fusion_layers.clear();
  config.do_fusion = false;
  record = MakeRecord(net_, plan_, factors_);
  AddSkipFusion(net_, config, &record);
  EXPECT_EQ(Skipped(record), std::vector<std::string>({"conv"}));
  EXPECT_EQ(record.record(0).value().scale_w_size(), 2);
}

TEST_F(FactorRecordsTest, ShiftsStandBesideTheSteps) {
  factors_.shift_bits = {{3, 4}};
  const amct::ScaleOffsetRecord record = MakeRecord(net_, plan_, factors_);
  ASSERT_EQ(record.record(0).value().shift_bit_size(), 2);
  EXPECT_EQ(record.record(0).value().shift_bit(1), 4u);
  EXPECT_EQ(record.record(1).value().shift_bit_size(), 0);
  const std::vector<v1::LayerRecord> rows = LayerRecordsOf(net_, plan_, record);
  ASSERT_EQ(rows[0].shift_bit_size(), 2);
  EXPECT_EQ(rows[0].shift_bit(0), 3u);
}

}  // namespace
}  // namespace quantd
