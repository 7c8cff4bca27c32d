#include <random>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/testing/status_matchers.h"
#include "engine/layers/testing/gradient_check.h"
#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {
namespace {

using ::absl::StatusCode;

LayerTester Im2col(const std::string& fields) {
  return LayerTester(
      absl::StrCat("type: 'Im2col' bottom: 'x' top: 'y' convolution_param { ",
                   fields, " }"));
}

TEST(Im2colLayerTest, OneChannelForEachKernelPixel) {
  LayerTester im2col = Im2col("kernel_h: 1 kernel_w: 2");
  im2col.Input("x", {1, 2, 1, 3}, {1, 2, 3, 4, 5, 6});
  ASSERT_OK(im2col.Forward());
  EXPECT_EQ(im2col.OutputShape("y"), Shape({1, 4, 1, 2}));
  EXPECT_THAT(im2col.Output("y"), Values({1, 2, 2, 3, 4, 5, 5, 6}));
}

TEST(Im2colLayerTest, PaddingIsZero) {
  LayerTester im2col = Im2col("kernel_size: 2 pad: 1 stride: 2");
  im2col.Input("x", {1, 1, 2, 2}, {1, 2, 3, 4});
  ASSERT_OK(im2col.Forward());
  EXPECT_EQ(im2col.OutputShape("y"), Shape({1, 4, 2, 2}));
  EXPECT_THAT(im2col.Output("y"),
              Values({0, 0, 0, 4, 0, 0, 3, 0, 0, 2, 0, 0, 1, 0, 0, 0}));
}

// A random window over 1 to 4 axes, and the layer's result for it told pixel by
// pixel.
struct Case {
  std::string fields;
  std::vector<int64_t> kernel, stride, pad, dilation, sizes, out_sizes;
  int64_t planes = 1;
};

Case MakeCase(uint32_t seed) {
  std::mt19937 random(seed);
  const auto between = [&](int64_t low, int64_t high) {
    return low + static_cast<int64_t>(random() % (high - low + 1));
  };
  Case c;
  c.planes = between(1, 4);
  const int64_t num_axes = between(1, 4);
  for (int axis = 0; axis < num_axes; ++axis) {
    c.kernel.push_back(between(1, 3));
    c.stride.push_back(between(1, 3));
    c.pad.push_back(between(0, 4));
    c.dilation.push_back(between(1, 3));
    const int64_t extent = c.dilation[axis] * (c.kernel[axis] - 1) + 1;
    const int64_t least = std::max<int64_t>(extent - 2 * c.pad[axis], 1);
    c.sizes.push_back(between(least, least + 4));
    c.out_sizes.push_back(
        (c.sizes[axis] + 2 * c.pad[axis] - extent) / c.stride[axis] + 1);
  }
  c.fields = absl::StrCat("kernel_size: [", absl::StrJoin(c.kernel, ","),
                          "] stride: [", absl::StrJoin(c.stride, ","),
                          "] pad: [", absl::StrJoin(c.pad, ","),
                          "] dilation: [", absl::StrJoin(c.dilation, ","), "]");
  return c;
}

// Counts `at` up, the last axis first. False after the last one.
bool Next(const std::vector<int64_t>& sizes, std::vector<int64_t>* at) {
  for (size_t axis = sizes.size(); axis-- > 0;) {
    if (++(*at)[axis] < sizes[axis]) return true;
    (*at)[axis] = 0;
  }
  return false;
}

std::vector<float> Expected(const Case& c, const std::vector<float>& x) {
  std::vector<float> y;
  const int64_t pixels = static_cast<int64_t>(x.size()) / c.planes;
  for (int64_t plane = 0; plane < c.planes; ++plane) {
    std::vector<int64_t> k(c.kernel.size());
    do {
      std::vector<int64_t> o(c.kernel.size());
      do {
        int64_t index = 0;
        bool inside = true;
        for (size_t axis = 0; axis < o.size(); ++axis) {
          const int64_t i = o[axis] * c.stride[axis] - c.pad[axis] +
                            k[axis] * c.dilation[axis];
          inside = inside && i >= 0 && i < c.sizes[axis];
          index = index * c.sizes[axis] + i;
        }
        y.push_back(inside ? x[plane * pixels + index] : 0);
      } while (Next(c.out_sizes, &o));
    } while (Next(c.kernel, &k));
  }
  return y;
}

class Im2colRandomTest : public ::testing::TestWithParam<int> {};

TEST_P(Im2colRandomTest, IsTheDefinition) {
  const Case c = MakeCase(GetParam());
  SCOPED_TRACE(c.fields);
  std::vector<int64_t> dims = {1, c.planes};
  dims.insert(dims.end(), c.sizes.begin(), c.sizes.end());
  const Shape shape = Shape::Create(dims).value();
  const std::vector<float> x = Noise(shape.num_elements());
  LayerTester im2col = Im2col(c.fields);
  im2col.Input("x", shape, x);
  ASSERT_OK(im2col.Forward());
  EXPECT_THAT(im2col.Output("y"), Values(Expected(c, x)));
}

INSTANTIATE_TEST_SUITE_P(Random, Im2colRandomTest, ::testing::Range(1, 61));

TEST(Im2colLayerTest, AxesBeforeTheChannelsAreItems) {
  LayerTester im2col = Im2col("kernel_size: 2 axis: -2 force_nd_im2col: true");
  im2col.Input("x", {2, 1, 1, 3}, {1, 2, 3, 4, 5, 6});
  ASSERT_OK(im2col.Forward());
  EXPECT_EQ(im2col.OutputShape("y"), Shape({2, 1, 2, 2}));
  EXPECT_THAT(im2col.Output("y"), Values({1, 2, 2, 3, 4, 5, 5, 6}));
}

TEST(Im2colLayerTest, EmptyBatch) {
  LayerTester im2col = Im2col("kernel_size: 2");
  im2col.Input("x", {0, 1, 4, 4});
  ASSERT_OK(im2col.Forward());
  EXPECT_EQ(im2col.OutputShape("y"), Shape({0, 4, 3, 3}));
}

TEST(Im2colLayerTest, RefusesBadFields) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "kernel_size is missing"},
      {"kernel_size: 0", "kernel_size is 0"},
      {"kernel_size: 9", "kernel_size covers 9"},
      {"kernel_size: 4294967295", "kernel_size is"},
      {"kernel_size: 65535 pad: 65535", "too many pixels"},
      {"kernel_size: 2 stride: 0", "stride is 0"},
      {"kernel_size: 2 dilation: 0", "dilation is 0"},
      {"kernel_size: [1, 2, 3]", "given 3 times"},
      {"kernel_size: 3 kernel_h: 3", "keep one"},
      {"kernel_size: 1 axis: 4", "convolution_param.axis"},
      {"kernel_size: 1 axis: 3", "spatial axes"}};
  for (const auto& [fields, message] : cases) {
    LayerTester im2col = Im2col(fields);
    im2col.Input("x", {1, 3, 8, 8});
    EXPECT_THAT(im2col.Forward(),
                StatusIs(StatusCode::kInvalidArgument, message))
        << fields;
  }
  LayerTester manifold = Im2col("kernel_size: 65535 pad: 65535");
  manifold.Input("x", {1, 1, 1, 1, 1, 1, 1});
  EXPECT_THAT(manifold.Forward(),
              StatusIs(StatusCode::kInvalidArgument, "too many pixels"));
}

TEST(Im2colLayerTest, RefusesOtherAxesAfterSetUp) {
  LayerTester im2col = Im2col("kernel_size: 1");
  im2col.Input("x", {1, 3, 8, 8});
  ASSERT_OK(im2col.Forward());
  for (const Shape& shape : {Shape({1}), Shape({1, 3, 8})}) {
    im2col.Input("x", shape);
    EXPECT_THAT(im2col.Forward(), HasReason("LAYER_SHAPE_INVALID"));
  }
}

TEST(Im2colLayerTest, Gradient) {
  for (const char* fields :
       {"kernel_size: 2", "kernel_size: 3 pad: 2 stride: 2",
        "kernel_size: 2 dilation: 2 pad: 1", "kernel_size: 1 stride: 3"}) {
    SCOPED_TRACE(fields);
    for (const Shape& shape :
         {Shape({2, 2, 5}), Shape({1, 2, 4, 3}), Shape({1, 1, 3, 4, 3})}) {
      LayerTester im2col = Im2col(fields);
      im2col.Input("x", shape, Noise(shape.num_elements()));
      ExpectGradients(im2col);
    }
  }
}

}  // namespace
}  // namespace quantd::testing
