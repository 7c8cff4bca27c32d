#include "engine/report/calibration_report.h"

#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace quantd {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

v1::CalibrationReport Report(const std::string& text) {
  v1::CalibrationReport report;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &report));
  return report;
}

constexpr char kBlob[] =
    "blobs { blob: 'pool1' layers: 'conv2' layers: 'conv3' num_bits: 8 "
    "scale: 0.5 offset: -128 low: 0 high: 127.5 min: 0 max: 255 "
    "clipped: 0.02 zeros: 0.25 sqnr_db: 12 bars: 0.5 bars: 0.0005 bars: 0 }";

TEST(CalibrationReportTest, ShowsAccuracyBeforeAndAfter) {
  const std::string html = CalibrationReportHtml(
      Report("name: 'lenet' float_accuracy { top1: 0.95 top5: -1 num_records: "
             "200 } quantized_accuracy { top1: 0.9475 top5: -1 } "
             "num_evaluated_in_calibration: 3"));
  EXPECT_THAT(html, HasSubstr("lenet: calibration"));
  EXPECT_THAT(html, HasSubstr("<b>95.00 %</b>top-1, float"));
  EXPECT_THAT(html, HasSubstr("<b>94.75 %</b>top-1, quantized"));
  EXPECT_THAT(html, HasSubstr("<b>-0.25</b>points of top-1"));
  EXPECT_THAT(html, HasSubstr("3 of 200 evaluation images are calibration"));
}

TEST(CalibrationReportTest, SegmentationHasItsAccuracyLayersOnly) {
  const std::string html = CalibrationReportHtml(
      Report("float_accuracy { top1: -1 top5: -1 loss: -1 layers { layer: "
             "'pixels' top_k: 1 accuracy: 0.75 } } quantized_accuracy { "
             "top1: -1 top5: -1 loss: -1 layers { layer: 'pixels' top_k: 1 "
             "accuracy: 0.5 } }"));
  EXPECT_THAT(html, Not(HasSubstr("top-1, float")));
  EXPECT_THAT(html, Not(HasSubstr("-100.00 %")));
  EXPECT_THAT(html, HasSubstr("pixels"));
  EXPECT_THAT(html, HasSubstr("75.00 %"));
  EXPECT_THAT(html, HasSubstr("50.00 %"));
}

TEST(CalibrationReportTest, WithoutEvaluationThereIsNoAccuracy) {
  const std::string html = CalibrationReportHtml(
      Report("name: 'lenet' num_evaluated_in_calibration: -1"));
  EXPECT_THAT(html, Not(HasSubstr("top-1")));
  EXPECT_THAT(html, Not(HasSubstr("To look at")));
}

TEST(CalibrationReportTest, ChartsShowBarsAndThresholds) {
  const std::string html = CalibrationReportHtml(Report(kBlob));
  EXPECT_THAT(html, HasSubstr("conv2, conv3"));
  // The highest bar is full, a thousandth of it half as high.
  EXPECT_THAT(html, HasSubstr("M0.0 100V0.0h333.3V100zM333.3 100V50.0"));
  EXPECT_THAT(html, HasSubstr("<line x1=\"0.0\""));
  EXPECT_THAT(html, HasSubstr("<line x1=\"500.0\""));
  EXPECT_THAT(html, HasSubstr("class=\"n bad\">20000<"));
}

TEST(CalibrationReportTest, SaysWhatJointBlobsWereSearchedOver) {
  const std::string html = CalibrationReportHtml(
      Report("blobs { blob: 'cat' searched: 'a' searched: 'b' }"
             "blobs { blob: 'own' searched: 'own' }"));
  EXPECT_THAT(html, HasSubstr("cat (searched over a, b)"));
  EXPECT_THAT(html, Not(HasSubstr("own (searched")));
}

TEST(CalibrationReportTest, NamesWhatToLookAt) {
  const std::string html = CalibrationReportHtml(Report(
      "input { num_images: 32 num_records: 20 "
      "blobs { blob: 'image' shape: 3 shape: 8 num_constant: 2 min: -1.5 } "
      "blobs { blob: 'vector' max: 7 } "
      "preprocessing: 'minus 104, 117, 123 by channel (BGR)' } "
      "warnings { reason: 'CUBE_LAYER_FLOAT' message: 'conv9 stays float' } "
      "float_layers { layer: 'conv9' type: 'Convolution' reason: 'off' }"));
  EXPECT_THAT(html, HasSubstr("CUBE_LAYER_FLOAT: conv9 stays float"));
  EXPECT_THAT(html, HasSubstr("20 records for 32 calibration images"));
  EXPECT_THAT(html, HasSubstr("2 of 32 calibration images are constant (all "
                              "values of the input image"));
  EXPECT_THAT(html, HasSubstr("<td>image</td><td>3 x 8</td>"));
  EXPECT_THAT(html, HasSubstr("<td>vector</td>"));
  EXPECT_THAT(html, HasSubstr("minus 104, 117, 123 by channel"));
}

TEST(CalibrationReportTest, FloatLayersOfOneReasonShareARow) {
  const std::string html = CalibrationReportHtml(
      Report("float_layers { layer: 'relu1' type: 'ReLU' reason: 'off' }"
             "float_layers { layer: 'conv9' type: 'Convolution' reason: 'off' }"
             "float_layers { layer: 'relu2' type: 'ReLU' reason: 'off' }"));
  EXPECT_THAT(html, HasSubstr("<tr><td>ReLU</td><td class=\"n\">2</td>"
                              "<td>off</td><td class=\"w\">relu1, relu2"));
  EXPECT_THAT(html, HasSubstr("<tr><td>Convolution</td>"));
}

}  // namespace
}  // namespace quantd
