#include "engine/kernels/fake_quant.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "base/testing/status_matchers.h"

namespace quantd::testing {
namespace {

using ::testing::ElementsAre;

constexpr float kInfinity = std::numeric_limits<float>::infinity();

std::vector<float> Quantize(const std::vector<float>& x,
                            const FakeQuantParams& params) {
  std::vector<float> y(x.size());
  FakeQuant(x, params, absl::MakeSpan(y));
  return y;
}

// Values around every step and half step, tiny, huge and special ones.
std::vector<float> Interesting(const FakeQuantParams& params) {
  std::vector<float> x = {0.0f,      -0.0f,      1e-40f,       -1e-40f,
                          1e30f,     -1e30f,     3e9f,         -3e9f,
                          kInfinity, -kInfinity, std::nanf("")};
  const int32_t half = 1 << (params.num_bits - 1);
  const int32_t stride = params.num_bits > 10 ? 61 : 1;
  for (int32_t q = -2 * half - 5; q < 2 * half + 5; q += stride) {
    for (const float step : {0.0f, 0.25f, 0.5f, 0.75f}) {
      const float value = (static_cast<float>(q) + step) * params.scale;
      x.push_back(value);
      x.push_back(std::nextafter(value, kInfinity));
      x.push_back(std::nextafter(value, -kInfinity));
    }
  }
  return x;
}

TEST(FakeQuantTest, RoundsHalfAwayFromZeroAndClips) {
  EXPECT_THAT(
      Quantize({0.4f, 0.5f, -0.5f, 1.5f, 2.5f, -2.5f, 200, -200}, {1.0f, 0, 8}),
      ElementsAre(0, 1, -1, 2, 3, -3, 127, -128));
}

TEST(FakeQuantTest, OffsetMovesTheRange) {
  EXPECT_THAT(Quantize({-1, 0, 10, 300}, {1.0f, -128, 8}),
              ElementsAre(0, 0, 10, 255));
  EXPECT_THAT(Quantize({-300, 0, 1}, {1.0f, 127, 8}), ElementsAre(-255, 0, 0));
}

TEST(FakeQuantTest, SaturatesWhatIsNotFinite) {
  EXPECT_THAT(Quantize({kInfinity, -kInfinity, std::nanf(""), 1e38f, -1e38f},
                       {0.5f, 0, 8}),
              ElementsAre(63.5, -64, -64, 63.5, -64));
}

TEST(FakeQuantTest, EqualsTheReferenceBitForBit) {
  for (const float scale : {1.0f, 0.1f, 0.023099f, 1e-6f, 1.17e-38f, 3e30f}) {
    for (const int32_t num_bits : {2, 4, 8, 16}) {
      const int32_t half = 1 << (num_bits - 1);
      for (const int32_t offset : {-half, -1, 0, 1, half - 1}) {
        const FakeQuantParams params = {scale, offset, num_bits};
        ASSERT_OK(CheckFakeQuantParams(params));
        const std::vector<float> x = Interesting(params);
        const std::vector<float> y = Quantize(x, params);
        std::vector<float> expected(x.size());
        FakeQuantReference(x, params, absl::MakeSpan(expected));
        for (size_t i = 0; i < x.size(); ++i) {
          ASSERT_EQ(std::memcmp(&y[i], &expected[i], sizeof(float)), 0)
              << x[i] << " -> " << y[i] << ", reference " << expected[i]
              << "; scale " << scale << ", offset " << offset << ", bits "
              << num_bits;
        }
      }
    }
  }
}

TEST(FakeQuantTest, StepsAreWhatTheValuesAreMadeOf) {
  const FakeQuantParams params = {0.1f, -3, 8};
  std::vector<float> x = Interesting(params);
  while (x.size() < 100000) x.insert(x.end(), x.begin(), x.end());  // Threads.
  std::vector<float> steps(x.size());
  FakeQuantSteps(x, params, absl::MakeSpan(steps));
  const std::vector<float> y = Quantize(x, params);
  for (size_t i = 0; i < x.size(); ++i) {
    ASSERT_EQ(steps[i], std::round(steps[i]));
    ASSERT_EQ(steps[i] * params.scale, y[i]) << x[i];
  }
  FakeQuantSteps({2.4f, -0.26f, 1e9f}, {0.5f, 3, 8},
                 absl::MakeSpan(steps).first(3));
  EXPECT_THAT(absl::MakeSpan(steps).first(3), ElementsAre(5, -1, 124));
}

TEST(FakeQuantTest, WorksInPlace) {
  std::vector<float> values = {0.6f, -0.6f, 300};
  FakeQuant(values, {1.0f, 0, 8}, absl::MakeSpan(values));
  EXPECT_THAT(values, ElementsAre(1, -1, 127));
}

TEST(FakeQuantTest, ScaleIsStoredAsItsReciprocal) {
  EXPECT_EQ(ScaleOfInverse(4.0f), 0.25f);
  EXPECT_EQ(ScaleOfInverse(43.290042877197266f),
            static_cast<float>(1.0 / 43.290042877197266));
}

TEST(FakeQuantTest, ChecksParameters) {
  EXPECT_OK(CheckFakeQuantParams({0.1f, -128, 8}));
  for (const FakeQuantParams& params :
       std::vector<FakeQuantParams>{{0.0f, 0, 8},
                                    {-1.0f, 0, 8},
                                    {kInfinity, 0, 8},
                                    {std::nanf(""), 0, 8},
                                    {1.0f, 128, 8},
                                    {1.0f, -129, 8},
                                    {1.0f, 0, 1},
                                    {1.0f, 0, 17}}) {
    EXPECT_THAT(CheckFakeQuantParams(params), HasReason("OPTION_OUT_OF_RANGE"));
  }
}

}  // namespace
}  // namespace quantd::testing
