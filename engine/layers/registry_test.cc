#include "engine/layers/registry.h"

#include <algorithm>

#include "base/testing/status_matchers.h"

namespace quantd {
namespace {

using ::quantd::testing::HasReason;
using ::quantd::testing::StatusIs;

TEST(RegistryTest, TypesAreSortedAndUnique) {
  const std::vector<std::string> types = LayerTypes();
  ASSERT_FALSE(types.empty());
  for (size_t i = 1; i < types.size(); ++i) EXPECT_LT(types[i - 1], types[i]);
}

TEST(RegistryTest, MakesALayerOfEveryType) {
  for (const std::string& type : LayerTypes()) {
    caffe::LayerParameter param;
    param.set_name("x");
    param.set_type(type);
    ASSERT_OK_AND_ASSIGN(auto layer, MakeLayer(param, caffe::TRAIN));
    EXPECT_EQ(layer->type(), type);
    EXPECT_EQ(layer->phase(), caffe::TRAIN);
  }
}

TEST(RegistryTest, TypesLeftOutOnPurposeComeWithAdvice) {
  caffe::LayerParameter param;
  param.set_name("windows");
  param.set_type("WindowData");
  const auto layer = MakeLayer(param, caffe::TEST);
  EXPECT_THAT(layer, HasReason("NETWORK_UNSUPPORTED"));
  EXPECT_THAT(layer, StatusIs(absl::StatusCode::kUnimplemented, "windows"));
  EXPECT_THAT(layer,
              StatusIs(absl::StatusCode::kUnimplemented, "a Data layer"));
  param.set_type("Python");
  EXPECT_THAT(MakeLayer(param, caffe::TEST),
              StatusIs(absl::StatusCode::kUnimplemented, "its code is not"));
}

TEST(RegistryTest, VendorsTypesWithoutAMeaningComeWithAdvice) {
  for (const char* type :
       {"CondTake", "DecBBox", "FSRDetectionOutput", "FreespaceExtract",
        "MatrixInverse", "Postprocess", "Region", "SpatialTransform",
        "WarpPerspective", "Yolo", "YoloV2DetectionOutput",
        "YoloV3DetectionOutput", "YoloV3DetectionOutputV2", "custom"}) {
    caffe::LayerParameter param;
    param.set_name("tail");
    param.set_type(type);
    const auto layer = MakeLayer(param, caffe::TEST);
    EXPECT_THAT(layer, HasReason("NETWORK_UNSUPPORTED"));
    EXPECT_THAT(
        layer, StatusIs(absl::StatusCode::kUnimplemented, "is not supported: "))
        << type;
  }
}

TEST(RegistryTest, UnknownTypeIsNamed) {
  caffe::LayerParameter param;
  param.set_name("head");
  param.set_type("Transformer");
  const auto layer = MakeLayer(param, caffe::TEST);
  EXPECT_THAT(layer, StatusIs(absl::StatusCode::kUnimplemented,
                              "\"Transformer\" of layer \"head\""));
  EXPECT_THAT(layer, HasReason("NETWORK_UNSUPPORTED"));
}

}  // namespace
}  // namespace quantd
