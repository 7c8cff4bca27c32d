#include "engine/report/compare_report.h"

#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace quantd {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

v1::CompareResult Result(const std::string& text) {
  v1::CompareResult result;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &result));
  return result;
}

TEST(CompareReportTest, SaysWhatTheResultSays) {
  const std::string html = CompareReportHtml(
      "lenet",
      Result("num_images: 32 top1_agreement: 0.96875 "
             "blobs { layer: 'conv2' type: 'Convolution' blob: 'conv2' "
             "sqnr_db: 18.5 cosine: 0.99 max_error: 0.5 mean_error: 0.01 "
             "clipped: 0.02 scale_d: 0.25 } "
             "blobs { layer: 'ip' type: 'InnerProduct' blob: 'ip' "
             "sqnr_db: 30 cosine: 0.999 }"));
  EXPECT_THAT(html, HasSubstr("lenet: float against quantized"));
  EXPECT_THAT(html, HasSubstr("<b>96.88 %</b>same top-1 class"));
  EXPECT_THAT(html, HasSubstr("<b>18.5 dB</b>least SQNR, conv2"));
  EXPECT_THAT(html, HasSubstr("var(--bar) 50.0%"));
  EXPECT_THAT(html, HasSubstr("<td class=\"n bad\">2.00 %</td>"));
}

TEST(CompareReportTest, LeavesOutWhatThereIsNot) {
  const std::string html =
      CompareReportHtml("ssd", Result("num_images: 1 top1_agreement: -1"));
  EXPECT_THAT(html, Not(HasSubstr("top-1")));
  EXPECT_THAT(html, Not(HasSubstr("least SQNR")));
}

}  // namespace
}  // namespace quantd
