#include "engine/kernels/cpu/max_pooling_nhwc.h"

#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

#include "engine/core/tensor.h"
#include "engine/kernels/reference/pooling.h"
#include "gtest/gtest.h"

namespace quantd {
namespace {

struct Case {
  PoolGeometry geometry;
  NhwcImages images;
};

Case MakeCase(PoolGeometry::Pair kernel, PoolGeometry::Pair stride,
              PoolGeometry::Pair pad, const NhwcImages& images) {
  Case made;
  made.geometry.kernel = kernel;
  made.geometry.stride = stride;
  made.geometry.pad = pad;
  made.images = images;
  return made;
}

// Values with many ties.
std::vector<float> Values(int64_t size, int seed) {
  std::mt19937 generator(seed);
  std::vector<float> values(size);
  for (float& value : values) {
    value = static_cast<float>(generator() % 7) - 3.0f;
  }
  return values;
}

// (N, H, W, C) as (N, C, H, W).
Tensor Plain(const std::vector<float>& nhwc, int64_t n, int64_t h, int64_t w,
             int64_t c) {
  Tensor plain(Shape::Create({n, c, h, w}).value());
  float* to = plain.data();
  for (int64_t image = 0; image < n; ++image) {
    for (int64_t channel = 0; channel < c; ++channel) {
      for (int64_t pixel = 0; pixel < h * w; ++pixel) {
        *to++ = nhwc[(image * h * w + pixel) * c + channel];
      }
    }
  }
  return plain;
}

std::vector<float> ToVector(const Tensor& tensor) {
  return {tensor.values().begin(), tensor.values().end()};
}

void ExpectReference(const Case& test, std::vector<float> src) {
  const auto& [g, images] = test;
  const int64_t height = g.OutputHeight(images.height);
  const int64_t width = g.OutputWidth(images.width);
  const int64_t size = images.num * height * width * images.channels;
  std::vector<float> dst(size), diff_src(src.size(), 9.0f);
  std::vector<int32_t> where(size);
  MaxPoolingNhwc(g, images, src.data(), dst.data(), where.data());
  const std::vector<float> diff_dst = Values(size, 2);
  MaxPoolingNhwcBackward(g, images, diff_dst.data(), where.data(),
                         diff_src.data());

  const auto plain_src = [&images](const std::vector<float>& values) {
    return Plain(values, images.num, images.height, images.width,
                 images.channels);
  };
  const auto plain_dst = [&](const std::vector<float>& values) {
    return Plain(values, images.num, height, width, images.channels);
  };
  const Tensor x = plain_src(src);
  Tensor y = plain_dst(dst);
  const std::vector<float> ours = ToVector(y);
  ReferencePooling(g, x, &y, nullptr);
  EXPECT_EQ(ours, ToVector(y));
  Tensor dx = plain_src(diff_src);
  const std::vector<float> our_diff = ToVector(dx);
  ReferencePoolingBackward(g, x, plain_dst(diff_dst), &dx);
  EXPECT_EQ(our_diff, ToVector(dx));
}

TEST(MaxPoolingNhwcTest, ComputesWhatTheReferenceDoes) {
  const std::vector<Case> cases = {
      MakeCase({2, 2}, {2, 2}, {0, 0}, {3, 8, 6, 20}),
      MakeCase({3, 3}, {2, 2}, {0, 0}, {2, 7, 9, 37}),
      MakeCase({3, 3}, {2, 2}, {1, 1}, {2, 8, 7, 3}),
      MakeCase({2, 3}, {1, 2}, {1, 2}, {1, 5, 5, 1}),
      MakeCase({1, 1}, {2, 2}, {0, 0}, {2, 5, 4, 17}),
      MakeCase({15, 17}, {1, 1}, {0, 0}, {1, 15, 17, 5}),
  };
  for (const Case& test : cases) {
    ASSERT_TRUE(MaxPoolingNhwcSupports(test.geometry));
    const NhwcImages& i = test.images;
    SCOPED_TRACE(i.channels);
    ExpectReference(test, Values(i.num * i.height * i.width * i.channels, 1));
  }
}

TEST(MaxPoolingNhwcTest, NanIsNoMaximum) {
  const Case test = MakeCase({2, 2}, {2, 2}, {0, 0}, {1, 2, 4, 2});
  std::vector<float> src = Values(16, 3);
  src[0] = std::nanf("");
  // All of the second window's second channel.
  for (const int i : {5, 7, 13, 15}) src[i] = std::nanf("");
  for (const int i : {1, 3, 9, 11}) {
    src[i] = -std::numeric_limits<float>::infinity();
  }
  ExpectReference(test, src);
}

TEST(MaxPoolingNhwcTest, SupportsMaximaOnly) {
  PoolGeometry g;
  g.kernel = {2, 2};
  EXPECT_TRUE(MaxPoolingNhwcSupports(g));
  g.pad_value = 0.0f;
  EXPECT_FALSE(MaxPoolingNhwcSupports(g));
  g.pad_value.reset();
  g.method = PoolGeometry::kAverage;
  EXPECT_FALSE(MaxPoolingNhwcSupports(g));
}

}  // namespace
}  // namespace quantd
