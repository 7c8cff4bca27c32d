#include "engine/export/quant_param_record.h"

#include "base/testing/status_matchers.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace quantd {
namespace {

const char kGolden[] = R"(version: 65536
layer {
  name: "conv1"
  quant_param {
    input {
      data_type: S8
      scale: 12.75
      offset: -77.0
    }
    weight {
      data_type: S8
      scale: 127.0
      scale: 0.9985902
    }
  }
}
layer {
  name: "sum"
  calc_data_type: S16
  quant_param {
    input {
      data_type: F16
      scale: 1.0
      offset: 0.0
    }
    input {
      data_type: S16
      scale: 1e-05
      offset: 0.0
    }
  }
}
)";

TEST(QuantParamRecordTest, WritesReciprocalsAndFloatLayers) {
  caffe::NetParameter net;
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(
      R"pb(
        layer { name: "data" type: "Input" top: "data" }
        layer { name: "conv1" type: "Convolution" bottom: "data" top: "c" }
        layer { name: "sum" type: "Eltwise" bottom: "x" bottom: "c" top: "s" }
      )pb",
      &net));
  QuantPlan plan;
  plan.blobs.resize(2);
  plan.blobs[0].consumers = {{1, "conv1", 0}};
  plan.blobs[1].consumers = {{2, "sum", 1}};
  plan.weights.push_back({1, "conv1", {}});
  amct::ScaleOffsetRecord record;
  auto* conv = record.add_record();
  conv->set_key("conv1");
  conv->mutable_value()->add_scale_w(1.0f / 127.0f);
  conv->mutable_value()->add_scale_w(1.0f / 0.9985902f);
  auto* input = conv->mutable_value()->add_record_d();
  input->set_index(0);
  input->set_scale_d(1.0f / 12.75f);
  input->set_offset_d(-77);
  auto* sum = record.add_record();
  sum->set_key("sum");
  input = sum->mutable_value()->add_record_d();
  input->set_index(1);
  input->set_scale_d(1.0f / 1e-5f);
  input->set_num_bits_d(12);

  ASSERT_OK_AND_ASSIGN(const auto param, QuantParamRecord(net, plan, record));
  const std::string text = QuantParamRecordToText(param);
  EXPECT_EQ(text, kGolden);
  calibration::CalibrationParam parsed;
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &parsed));
  EXPECT_EQ(parsed.SerializeAsString(), param.SerializeAsString());
}

}  // namespace
}  // namespace quantd
