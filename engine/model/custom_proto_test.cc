#include "engine/model/custom_proto.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "base/testing/status_matchers.h"
#include "engine/model/caffemodel.h"
#include "engine/model/load_model.h"
#include "engine/model/prototxt.h"

namespace quantd::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using Code = absl::StatusCode;

// The sample of AMCT's guide, and a field with our name and other contents.
constexpr char kCustom[] = R"(
    message LayerParameter {
      optional ReLU6Parameter relu6_param = 2060;
      optional ROIPoolingParameter roi_pooling_param = 8266711;
      optional NormalizeParameter norm_param = 206;
    }
    message ReLU6Parameter {
      optional float negative_slope = 1 [default = 0];
      repeated Extra extra = 2;
    }
    message Extra { optional string text = 5; optional FillerParameter f = 6; }
    message ROIPoolingParameter {
      optional uint32 pooled_h = 11; optional uint32 pooled_w = 12;
      optional float spatial_scale = 13 [default = 1];
      optional bool only_mine = 14;
    }
    message NormalizeParameter {
      optional string mine = 1; optional bool across_spatial = 2;
    })";

constexpr char kPrototxt[] =
    "layer { name: \"a\" type: \"ReLU6\" relu6_param { negative_slope: 0.5 "
    "extra { text: \"x\" f { type: \"msra\" } } extra { } } }\n"
    "layer { name: \"b\" type: \"ROIPooling\" roi_pooling_param { pooled_h: 6 "
    "pooled_w: 7 only_mine: true } }\n"
    "layer { name: \"c\" type: \"Normalize\" norm_param { mine: \"m\" "
    "across_spatial: false } }\n";

std::unique_ptr<CustomProto> Custom() {
  auto custom = CustomProto::Create(kCustom, "custom.proto");
  EXPECT_OK(custom);
  return *std::move(custom);
}

TEST(CustomProtoTest, TextReadsAndPrintsBack) {
  const auto custom = Custom();
  std::vector<std::string> warnings;
  ASSERT_OK_AND_ASSIGN(const caffe::NetParameter net,
                       custom->ParsePrototxt(kPrototxt, "p", &warnings));
  EXPECT_THAT(warnings, IsEmpty());
  ASSERT_OK_AND_ASSIGN(const std::string printed, custom->Print(net));
  EXPECT_EQ(printed, R"(layer {
  name: "a"
  type: "ReLU6"
  relu6_param {
    negative_slope: 0.5
    extra {
      text: "x"
      f {
        type: "msra"
      }
    }
    extra {
    }
  }
}
layer {
  name: "b"
  type: "ROIPooling"
  roi_pooling_param {
    pooled_h: 6
    pooled_w: 7
    only_mine: true
  }
}
layer {
  name: "c"
  type: "Normalize"
  norm_param {
    mine: "m"
    across_spatial: false
  }
}
)");
}

TEST(CustomProtoTest, TheEngineSeesFieldsThatItKnowsByName) {
  ASSERT_OK_AND_ASSIGN(const caffe::NetParameter net,
                       Custom()->ParsePrototxt(kPrototxt, "p"));
  EXPECT_EQ(net.layer(1).roi_pooling_param().pooled_h(), 6u);
  EXPECT_EQ(net.layer(1).roi_pooling_param().pooled_w(), 7u);
  EXPECT_TRUE(net.layer(2).norm_param().has_across_spatial());
  EXPECT_FALSE(net.layer(2).norm_param().across_spatial());
}

TEST(CustomProtoTest, BinaryReadsAndWritesBack) {
  const auto custom = Custom();
  ASSERT_OK_AND_ASSIGN(caffe::NetParameter net,
                       custom->ParsePrototxt(kPrototxt, "p"));
  net.mutable_layer(0)->add_blobs()->add_data(1);
  custom->ToFile(&net);
  ASSERT_OK_AND_ASSIGN(const std::string bytes, SerializeCaffemodel(net));
  ASSERT_OK_AND_ASSIGN(caffe::NetParameter again, ParseCaffemodel(bytes, "m"));
  custom->FromFile(&again);
  EXPECT_EQ(again.layer(1).roi_pooling_param().pooled_w(), 7u);
  again.mutable_layer(0)->clear_blobs();
  net.mutable_layer(0)->clear_blobs();
  custom->FromFile(&net);
  ASSERT_OK_AND_ASSIGN(const std::string first, custom->Print(net));
  ASSERT_OK_AND_ASSIGN(const std::string second, custom->Print(again));
  EXPECT_EQ(first, second);
  EXPECT_THAT(second, HasSubstr("only_mine: true"));
  EXPECT_THAT(second, HasSubstr("mine: \"m\""));
}

TEST(CustomProtoTest, LoadModelTakesIt) {
  const auto custom = Custom();
  LoadOptions options;
  EXPECT_THAT(LoadModel(kPrototxt, "p", "", "", options),
              HasReason("PROTOTXT_PARSE"));
  options.custom_proto = custom.get();
  ASSERT_OK_AND_ASSIGN(const LoadedModel model,
                       LoadModel(kPrototxt, "p", "", "", options));
  EXPECT_THAT(model.warnings, IsEmpty());
  EXPECT_EQ(model.net.layer(1).roi_pooling_param().pooled_h(), 6u);
}

TEST(CustomProtoTest, ErrorsNamePlaceAndType) {
  EXPECT_THAT(CustomProto::Create("message LayerParameter { optional "
                                  "NoSuchParameter p = 2060; }",
                                  "custom.proto"),
              StatusIs(Code::kInvalidArgument, "NoSuchParameter"));
  EXPECT_THAT(CustomProto::Create("message A { optional float a = 1; optional "
                                  "float b = 1; }",
                                  "custom.proto"),
              HasReason("CUSTOM_PROTO_INVALID"));
  EXPECT_THAT(
      Custom()->ParsePrototxt(
          "layer { name: \"a\"\n relu6_param { negative_slop: 1 } }", "p"),
      StatusIs(Code::kInvalidArgument, "p:2:"));
}

}  // namespace
}  // namespace quantd::testing
