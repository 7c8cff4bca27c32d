#include "engine/integer/quantized_input.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "base/testing/status_matchers.h"
#include "engine/kernels/fake_quant.h"

namespace quantd::testing {
namespace {

using ::testing::ElementsAre;

constexpr float kInfinity = std::numeric_limits<float>::infinity();

std::vector<int16_t> Codes(const std::vector<float>& x,
                           const FakeQuantParams& params) {
  std::vector<int16_t> codes(x.size());
  QuantizeCodes(x, params, absl::MakeSpan(codes));
  return codes;
}

TEST(QuantizedInputTest, RoundsHalfAwayFromZeroAddsTheOffsetAndClips) {
  EXPECT_THAT(Codes({0, 0.5f, -0.5f, 1.5f, -2.5f, 500, -500}, {1, 0, 8}),
              ElementsAre(0, 1, -1, 2, -3, 127, -128));
  EXPECT_THAT(Codes({0, 1, 300, -1}, {1, -128, 8}),
              ElementsAre(-128, -127, 127, -128));
  EXPECT_THAT(Codes({0, 1e9f, -1e9f}, {0.25f, 32767, 16}),
              ElementsAre(32767, 32767, -32768));
  EXPECT_THAT(
      Codes({std::nanf(""), kInfinity, -kInfinity, 3e38f}, {1e-3f, 5, 12}),
      ElementsAre(-2048, 2047, -2048, 2047));
}

TEST(QuantizedInputTest, BackItIsWhatTheQuantLayerGivesBitForBit) {
  for (const FakeQuantParams& params :
       std::vector<FakeQuantParams>{{0.0371f, 0, 8},
                                    {0.0371f, -77, 8},
                                    {1.3e-4f, 1234, 16},
                                    {7.7f, -2048, 12},
                                    {0.1f, 127, 8}}) {
    std::vector<float> x;
    const int32_t half = 1 << (params.num_bits - 1);
    for (int32_t q = -2 * half - 3; q < 2 * half + 3; q += 1 + half / 300) {
      for (const float rest : {0.0f, 0.25f, 0.5f, 0.7f}) {
        x.push_back((static_cast<float>(q) + rest) * params.scale);
        x.push_back(std::nextafter(x.back(), kInfinity));
        x.push_back(std::nextafter(x.back(), -kInfinity));
      }
    }
    const std::vector<int16_t> codes = Codes(x, params);
    std::vector<float> expected(x.size()), found(x.size());
    FakeQuantReference(x, params, absl::MakeSpan(expected));
    DequantizeCodes(codes, params, absl::MakeSpan(found));
    EXPECT_EQ(
        std::memcmp(expected.data(), found.data(), sizeof(float) * x.size()),
        0);
    // What a Quant layer gave is quantized to the same integers again.
    EXPECT_EQ(Codes(expected, params), codes);
  }
}

TEST(QuantizedInputTest, GoesOnWithForcedIntegersAndKeepsItsOwn) {
  QuantizedInput input({1, 0, 8});
  const std::vector<float> x = {1, 2, 3};
  EXPECT_THAT(input.Take(x), ElementsAre(1, 2, 3));
  input.Force({4, 5, 6});
  EXPECT_THAT(input.Take(x), ElementsAre(4, 5, 6));
  EXPECT_THAT(input.codes(), ElementsAre(1, 2, 3));
  input.Force({});
  EXPECT_THAT(input.Take(x), ElementsAre(1, 2, 3));
}

TEST(QuantizedInputTest, TakesAPassInParts) {
  QuantizedInput input({1, 0, 8});
  const std::vector<float> first = {1, 2}, second = {3};
  for (int pass = 0; pass < 2; ++pass) {
    input.Clear();
    EXPECT_THAT(input.TakeMore(first), ElementsAre(1, 2));
    EXPECT_THAT(input.TakeMore(second), ElementsAre(3));
    EXPECT_THAT(input.codes(), ElementsAre(1, 2, 3));
  }
  input.Force({4, 5, 6});
  input.Clear();
  EXPECT_THAT(input.TakeMore(first), ElementsAre(4, 5));
  EXPECT_THAT(input.TakeMore(second), ElementsAre(6));
  EXPECT_THAT(input.TakeMore(second), ElementsAre(3));  // None is left.
  EXPECT_THAT(input.codes(), ElementsAre(1, 2, 3, 3));
}

}  // namespace
}  // namespace quantd::testing
