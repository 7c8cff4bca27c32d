#include "engine/jobs/calibration/quantized_model.h"

#include "base/testing/status_matchers.h"
#include "gtest/gtest.h"

namespace quantd {
namespace {

TEST(QuantizedModelTest, SaveTypeChoosesModels) {
  EXPECT_TRUE(IsSaved(FileGroup::kDeploy, v1::SAVE_TYPE_UNSPECIFIED));
  EXPECT_TRUE(IsSaved(FileGroup::kFakeQuant, v1::SAVE_TYPE_UNSPECIFIED));
  EXPECT_TRUE(IsSaved(FileGroup::kDeploy, v1::SAVE_TYPE_BOTH));
  EXPECT_TRUE(IsSaved(FileGroup::kFakeQuant, v1::SAVE_TYPE_BOTH));
  EXPECT_TRUE(IsSaved(FileGroup::kDeploy, v1::SAVE_TYPE_DEPLOY));
  EXPECT_FALSE(IsSaved(FileGroup::kFakeQuant, v1::SAVE_TYPE_DEPLOY));
  EXPECT_FALSE(IsSaved(FileGroup::kDeploy, v1::SAVE_TYPE_FAKE_QUANT));
  EXPECT_TRUE(IsSaved(FileGroup::kFakeQuant, v1::SAVE_TYPE_FAKE_QUANT));
  EXPECT_TRUE(IsSaved(FileGroup::kGraph, v1::SAVE_TYPE_FAKE_QUANT));
  EXPECT_TRUE(IsSaved(FileGroup::kChoices, v1::SAVE_TYPE_DEPLOY));
}

TEST(QuantizedModelTest, StrictJobsRefuseCubeLayersLeftFloat) {
  QuantPlan plan;
  plan.warnings.push_back({"SHARED_WEIGHTS", "two layers", {}});
  EXPECT_OK(CheckStrictly(plan));
  plan.warnings.push_back({"CUBE_LAYER_FLOAT", "conv9 ...", {{"layer", "9"}}});
  const absl::Status status = CheckStrictly(plan);
  EXPECT_THAT(status, testing::HasReason("CUBE_LAYER_FLOAT"));
  EXPECT_EQ(GetErrorMetadata(status).at("layer"), "9");
}

TEST(QuantizedModelTest, RecordsAreCounted) {
  std::vector<v1::LayerRecord> rows(3);
  rows[0].set_quantized(true);
  JobOutput output;
  AddRecords(rows, &output);
  EXPECT_EQ(output.records.size(), 3u);
  EXPECT_EQ(output.result.num_layers_quantized(), 1);
  EXPECT_EQ(output.result.num_layers_float(), 2);
}

}  // namespace
}  // namespace quantd
