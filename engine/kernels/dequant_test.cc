#include "engine/kernels/dequant.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "base/testing/status_matchers.h"

namespace quantd {
namespace {

using ::quantd::testing::HasReason;
using ::testing::ElementsAre;

struct Channels {
  std::vector<float> scale;
  std::vector<float> shift_bit;
  int64_t inner_dim = 1;

  DequantParams params() const { return {scale, shift_bit, inner_dim}; }
};

std::vector<float> Dequantized(const std::vector<float>& x,
                               const Channels& channels) {
  EXPECT_OK(CheckDequantParams(channels.params()));
  std::vector<float> y(x.size());
  Dequant(x, channels.params(), absl::MakeSpan(y));
  return y;
}

TEST(DequantTest, RoundsTwiceHalfAwayFromZero) {
  // x / scale: 2.5 -> 3 -> 1.5 -> 2; -2.5 likewise; 0.5 -> 1 -> 0.5 -> 1.
  EXPECT_THAT(Dequantized({1.25f, -1.25f, 0.25f, 0.2f, 2.0f}, {{0.5f}, {1}}),
              ElementsAre(2.0f, -2.0f, 1.0f, 0.0f, 2.0f));
}

TEST(DequantTest, ClipsTo16Bits) {
  const float infinity = std::numeric_limits<float>::infinity();
  EXPECT_THAT(
      Dequantized({65534, 65535, 1e9f, infinity, -65536, -65538, -infinity},
                  {{1}, {1}}),
      ElementsAre(65534, 65534, 65534, 65534, -65536, -65536, -65536));
  EXPECT_THAT(
      Dequantized({2147418112.0f, 2147450880.0f, 1e30f, -1e30f}, {{1}, {16}}),
      ElementsAre(2147418112.0f, 2147418112.0f, 2147418112.0f, -2147483648.0f));
}

TEST(DequantTest, NanStaysAndZeroKeepsItsSign) {
  const std::vector<float> y = Dequantized({std::nanf(""), -0.1f}, {{1}, {3}});
  EXPECT_TRUE(std::isnan(y[0]));
  EXPECT_EQ(y[1], 0.0f);
  EXPECT_TRUE(std::signbit(y[1]));
}

TEST(DequantTest, ChannelsHaveTheirOwnScaleAndShift) {
  EXPECT_THAT(Dequantized({5, 5, 5, 5, 7, 7, 7, 7}, {{1, 0.5f}, {1, 2}, 2}),
              ElementsAre(6, 6, 6, 6, 8, 8, 8, 8));
  // One scale for everything, whatever inner_dim says.
  EXPECT_THAT(Dequantized({5, 5, 5}, {{1}, {3}, 2}), ElementsAre(8, 8, 8));
}

TEST(DequantTest, NoShiftIsACopy) {
  EXPECT_THAT(Dequantized({0.123f, -1e30f}, {{0, -1}, {0, 0}}),
              ElementsAre(0.123f, -1e30f));
}

TEST(DequantTest, AgreesWithTheFormula) {
  std::vector<float> x;
  for (int exponent = -140; exponent < 127; ++exponent) {
    for (const float m : {1.0f, 1.25f, 1.3f, 1.5f, 1.9999999f}) {
      x.push_back(std::ldexp(m, exponent));
      x.push_back(-std::ldexp(m, exponent));
    }
  }
  for (int i = -2000; i < 2000; ++i) x.push_back(static_cast<float>(i) * 0.5f);
  for (int i = 0; i < 40; ++i) {
    x.push_back(2147483648.0f + static_cast<float>(i - 20) * 128.0f);
    x.push_back(-2147483648.0f + static_cast<float>(i - 20) * 128.0f);
  }
  for (const float scale : {1.0f, 0.3f, 1e-10f, 7e5f}) {
    for (int shift = 1; shift <= 16; ++shift) {
      const Channels channels{{scale}, {static_cast<float>(shift)}};
      std::vector<float> expected(x.size());
      DequantReference(x, channels.params(), absl::MakeSpan(expected));
      const std::vector<float> y = Dequantized(x, channels);
      ASSERT_EQ(std::memcmp(y.data(), expected.data(), 4 * x.size()), 0)
          << scale << " " << shift;
    }
  }
}

TEST(DequantTest, RefusesBadParameters) {
  const float infinity = std::numeric_limits<float>::infinity();
  const std::vector<Channels> all = {
      {{}, {}},    {{1, 1}, {1}}, {{1, 1}, {0, 3}},  {{1}, {17}},
      {{1}, {-1}}, {{1}, {1.5f}}, {{1}, {infinity}}, {{1}, {std::nanf("")}},
      {{0}, {1}},  {{-1}, {1}},   {{infinity}, {1}}, {{std::nanf("")}, {1}}};
  for (const Channels& channels : all) {
    EXPECT_THAT(CheckDequantParams(channels.params()),
                HasReason("OPTION_OUT_OF_RANGE"));
  }
}

}  // namespace
}  // namespace quantd
