#include "engine/report/verify_report.h"

#include "base/testing/status_matchers.h"

namespace quantd::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

v1::VerifyResult Result() {
  v1::VerifyResult result;
  v1::VerifiedLayer* layer = result.add_layers();
  layer->set_layer("conv<1>");
  layer->set_type("Convolution");
  layer->set_num_bits_d(8);
  layer->set_integer(true);
  layer->mutable_sums()->set_num_elements(4096);
  layer->mutable_sums()->set_num_differing(3);
  layer->mutable_sums()->set_max_steps(1);
  layer->mutable_inputs()->set_num_elements(100);
  result.set_num_images(7);
  result.set_top1_agreement(1);
  result.set_passed(true);
  return result;
}

TEST(VerifyReportTest, ShowsVerdictAndLayers) {
  const std::string html = VerifyReportHtml("net", Result());
  EXPECT_THAT(html, HasSubstr("PASS"));
  EXPECT_THAT(html, HasSubstr("conv&lt;1&gt;"));
  EXPECT_THAT(html, HasSubstr("3 of 4096, by 1"));
  EXPECT_THAT(html, HasSubstr("0 of 100<"));
  EXPECT_THAT(html, HasSubstr("100.00 %"));
}

TEST(VerifyReportTest, SaysWhatFailed) {
  v1::VerifyResult result = Result();
  result.set_passed(false);
  result.set_top1_agreement(-1);
  result.add_failures("layer \"a\" differs");
  const std::string html = VerifyReportHtml("net", result);
  EXPECT_THAT(html, HasSubstr("FAIL"));
  EXPECT_THAT(html, HasSubstr("layer &quot;a&quot; differs"));
  EXPECT_THAT(html, Not(HasSubstr("same top-1")));
}

}  // namespace
}  // namespace quantd::testing
