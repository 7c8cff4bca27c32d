#include "engine/jobs/calibration/calibration_report.h"

#include <string>
#include <utility>
#include <vector>

#include "base/testing/status_matchers.h"

namespace quantd {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(CalibrationReportTest, TellsEachStepOfPreprocessingInOrder) {
  NetworkFeed feed;
  EXPECT_THAT(DescribePreprocessing(feed), ElementsAre(HasSubstr("none")));
  feed.resize_height = 256;
  feed.resize_width = 320;
  feed.transform.set_crop_size(224);
  feed.transform.add_mean_value(104);
  feed.transform.add_mean_value(117);
  feed.transform.set_scale(0.5f);
  EXPECT_THAT(DescribePreprocessing(feed),
              ElementsAre("scaled to 256 x 320 (H x W), bilinear",
                          "centre cut to 224 x 224",
                          "minus 104, 117 by channel (BGR)", "times 0.5"));
}

TEST(CalibrationReportTest, BlobsSayWhatTheirFactorsExpress) {
  QuantPlan plan;
  QuantizedBlob blob;
  blob.blob = "conv1";
  blob.consumers = {{2, "conv2", 0}, {3, "conv3", 0}};
  blob.params.num_bits = 8;
  blob.searched = {"conv1", "other"};
  plan.blobs.push_back(blob);
  PlanFactors factors;
  BlobFactors found;
  found.ifmr.scale = 0.5f;
  found.ifmr.offset = -28;
  found.summary.mean_square_error = 0.02;
  found.summary.mean_square = 2.0;
  factors.blobs.push_back(found);
  const std::vector<v1::BlobReport> rows = DescribeBlobs(plan, factors);
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_THAT(rows[0].layers(), ElementsAre("conv2", "conv3"));
  EXPECT_EQ(rows[0].low(), -50.0f);
  EXPECT_EQ(rows[0].high(), 77.5f);
  EXPECT_NEAR(rows[0].sqnr_db(), 20, 1e-9);
  EXPECT_THAT(rows[0].searched(), ElementsAre("conv1", "other"));
}

TEST(CalibrationReportTest, WeightsAreComparedWithWhatTheyBecome) {
  QuantPlan plan;
  plan.weights.push_back({0, "ip", {}});
  PlanFactors factors;
  factors.weights.push_back({{0.25f, 0.5f}, {0, 0}});
  caffe::NetParameter net;
  net.add_layer()->set_name("ip");
  net.mutable_layer(0)->set_type("InnerProduct");
  caffe::NetParameter weighted = net;
  net.mutable_layer(0)->add_blobs()->add_data(10.0f);
  weighted.mutable_layer(0)->add_blobs()->add_data(9.9f);
  // As if layers before it were left out.
  caffe::NetParameter moved;
  moved.add_layer()->set_name("data");
  *moved.add_layer() = weighted.layer(0);
  const std::vector<v1::WeightReport> rows =
      DescribeWeights(plan, factors, net, moved);
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].num_scales(), 2);
  EXPECT_EQ(rows[0].min_scale(), 0.25f);
  EXPECT_EQ(rows[0].max_scale(), 0.5f);
  EXPECT_NEAR(rows[0].sqnr_db(), 40, 1e-3);
}

TEST(CalibrationReportTest, FilesAreNamedAfterTheJob) {
  v1::CalibrationReport report;
  report.set_name("lenet");
  ASSERT_OK_AND_ASSIGN(std::vector<OutputFile> files, ReportFiles(report));
  ASSERT_EQ(files.size(), 2u);
  EXPECT_EQ(files[0].name, "lenet_report.json");
  EXPECT_EQ(files[1].name, "lenet_report.html");
  EXPECT_THAT(files[0].contents, HasSubstr("\"name\": \"lenet\""));
}

}  // namespace
}  // namespace quantd
