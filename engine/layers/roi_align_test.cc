#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "base/testing/status_matchers.h"
#include "engine/layers/testing/gradient_check.h"
#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {
namespace {

LayerTester Align(const std::string& fields) {
  return LayerTester(
      absl::StrCat("type: 'ROIAlign' bottom: 'x' bottom: 'rois' top: 'y' "
                   "roi_align_param { ",
                   fields, " }"));
}

// A 4 x 4 plane of h * 10 + w: the mean of samples is that of their places.
std::vector<float> Slope() {
  std::vector<float> values;
  for (int i = 0; i < 16; ++i) {
    values.push_back(static_cast<float>(i / 4 * 10 + i % 4));
  }
  return values;
}

TEST(RoiAlignLayerTest, MeanOfSamples) {
  LayerTester align =
      Align("pooled_h: 2 pooled_w: 1 spatial_scale: 0.5 sampling_ratio: 2");
  align.Input("x", {1, 1, 4, 4}, Slope());
  // Columns 0.5 to 2.5, rows 1 to 3: bins around rows 1.5 and 2.5.
  align.Input("rois", {1, 5}, {0, 1, 2, 5, 6});
  ASSERT_OK(align.Forward());
  EXPECT_EQ(align.OutputShape("y"), Shape({1, 1, 2, 1}));
  EXPECT_THAT(align.Output("y"), Values({16.5f, 26.5f}, 1e-4f));
}

// Bilinear mean by its definition; `n` <= 0: as many samples as pixels.
float Expected(const std::vector<float>& x, int size, float start, float end,
               int n) {
  const float length = std::max(end - start, 1.0f);
  if (n <= 0) n = static_cast<int>(std::ceil(length));
  double sum = 0;
  for (int i = 0; i < n; ++i) {
    for (int j = 0; j < n; ++j) {
      const float d = length / static_cast<float>(n);
      const float h = start + (static_cast<float>(i) + 0.5f) * d;
      const float w = start + (static_cast<float>(j) + 0.5f) * d;
      const float max = static_cast<float>(size);
      if (h < -1 || h > max || w < -1 || w > max) continue;
      const float y = std::clamp(h, 0.0f, max - 1);
      const float z = std::clamp(w, 0.0f, max - 1);
      const int y0 = static_cast<int>(y), z0 = static_cast<int>(z);
      const int y1 = std::min(y0 + 1, size - 1),
                z1 = std::min(z0 + 1, size - 1);
      const float b = y - static_cast<float>(y0),
                  a = z - static_cast<float>(z0);
      sum += (1 - b) * ((1 - a) * x[y0 * size + z0] + a * x[y0 * size + z1]) +
             b * ((1 - a) * x[y1 * size + z0] + a * x[y1 * size + z1]);
    }
  }
  return static_cast<float>(sum / (n * n));
}

TEST(RoiAlignLayerTest, SamplingRatios) {
  const std::vector<float> x = Noise(16);
  for (const auto& [field, samples] :
       std::vector<std::pair<std::string, int>>{{"sampling_ratio: 1", 1},
                                                {"sampling_ratio: 7", 7},
                                                {"sampling_ratio: 0", 0},
                                                {"sampling_ratio: -1", -1},
                                                {"", 2}}) {
    for (const float start : {-7.f, -1.5f, 0.f, 0.3f, 2.9f, 6.f}) {
      for (const float length : {-3.f, 0.2f, 2.6f, 11.f}) {
        LayerTester align =
            Align(absl::StrCat("pooled_h: 1 pooled_w: 1 ", field));
        align.Input("x", {1, 1, 4, 4}, x);
        align.Input("rois", {1, 5},
                    {0, start, start, start + length, start + length});
        ASSERT_OK(align.Forward());
        EXPECT_THAT(align.Output("y"),
                    Values({Expected(x, 4, start, start + length, samples)}))
            << field << " from " << start << ", " << length << " long";
      }
    }
  }
}

TEST(RoiAlignLayerTest, RoiEndMode) {
  LayerTester align = Align(
      "pooled_h: 1 pooled_w: 1 spatial_scale: 0.5 sampling_ratio: 1 "
      "roi_end_mode: 1");
  align.Input("x", {1, 1, 4, 4}, Slope());
  // [0, 2.5] both ways.
  align.Input("rois", {1, 5}, {0, 0, 0, 4, 4});
  ASSERT_OK(align.Forward());
  EXPECT_THAT(align.Output("y"), Values({13.75f}, 1e-4f));
}

TEST(RoiAlignLayerTest, FarAwayRegionsTakeNoTime) {
  LayerTester align = Align("pooled_h: 1 pooled_w: 1 sampling_ratio: 0");
  align.Input("x", {1, 1, 4, 4}, Slope());
  align.Input("rois", {2, 5},
              {0, 1e7f, 0, 1e7f, 0,  //
               0, -1e7f, -1e7f, 1e7f, 1e7f});
  ASSERT_OK(align.Forward());
  EXPECT_THAT(align.Output("y"), Values({0, 0}));
}

TEST(RoiAlignLayerTest, Gradients) {
  LayerTester align = Align("pooled_h: 2 pooled_w: 3 spatial_scale: 0.5");
  align.Input("x", {2, 2, 4, 5}, Noise(80));
  align.Input("rois", {3, 5}, {0, 0, 0, 8, 6, 1, 2, 2, 9, 9, 1, -4, 4, 4, 8});
  ExpectGradients(align);
}

TEST(RoiAlignLayerTest, BadFields) {
  for (const char* fields :
       {"pooled_w: 1", "pooled_h: 1", "pooled_h: 70000 pooled_w: 1",
        "pooled_h: 1 pooled_w: 1 spatial_scale: 0",
        "pooled_h: 1 pooled_w: 1 sampling_ratio: 1025",
        "pooled_h: 1 pooled_w: 1 roi_end_mode: 2"}) {
    LayerTester align = Align(fields);
    align.Input("x", {1, 1, 2, 2}).Input("rois", {1, 5});
    EXPECT_THAT(align.Forward(), HasReason("LAYER_PARAMETER_INVALID"))
        << fields;
  }
}

TEST(RoiAlignLayerTest, BadBottoms) {
  LayerTester align = Align("pooled_h: 1 pooled_w: 1");
  align.Input("x", {1, 1, 2, 2}).Input("rois", {2, 3});
  EXPECT_THAT(align.Forward(), HasReason("LAYER_SHAPE_INVALID"));
  LayerTester second = Align("pooled_h: 1 pooled_w: 1");
  second.Input("x", {1, 1, 2, 2}).Input("rois", {1, 5}, {1, 0, 0, 0, 0});
  EXPECT_THAT(second.Forward(), HasReason("LAYER_INPUT_INVALID"));
}

}  // namespace
}  // namespace quantd::testing
