#include "engine/kernels/cpu/gemm.h"

#include <limits>
#include <vector>

#include "base/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace quantd {
namespace {

using ::testing::ElementsAre;

// (1 2 3; 4 5 6) * (1 0; 2 1; 0 3) = (5 11; 14 23).
TEST(GemmTest, MultipliesInEveryOrientation) {
  const std::vector<float> a = {1, 2, 3, 4, 5, 6};
  const std::vector<float> a_columns = {1, 4, 2, 5, 3, 6};
  const std::vector<float> b = {1, 0, 2, 1, 0, 3};
  const std::vector<float> b_columns = {1, 2, 0, 0, 1, 3};
  for (bool a_transposed : {false, true}) {
    for (bool b_transposed : {false, true}) {
      // With beta 0 what was there does not matter.
      std::vector<float> c(4, std::numeric_limits<float>::quiet_NaN());
      ASSERT_OK(Gemm({2, 2, 3},
                     {a_transposed ? a_columns.data() : a.data(), a_transposed},
                     {b_transposed ? b_columns.data() : b.data(), b_transposed},
                     0, c.data()));
      EXPECT_THAT(c, ElementsAre(5, 11, 14, 23));
    }
  }
}

TEST(GemmTest, AddsToPartsOfLargerMatrices) {
  const std::vector<float> a = {1, 2, -9, 3, 4, -9};  // 2 x 2 of width 3.
  const std::vector<float> b = {1, 2};                // 2 x 1.
  std::vector<float> c = {10, -9, 20, -9};            // 2 x 1 of width 2.
  GemmSize size = {2, 1, 2};
  size.c_stride = 2;
  ASSERT_OK(Gemm(size, {a.data(), false, 3}, {b.data()}, 1, c.data()));
  EXPECT_THAT(c, ElementsAre(15, -9, 31, -9));
}

TEST(GemmTest, EmptyFactors) {
  std::vector<float> c = {1, 2};
  ASSERT_OK(Gemm({1, 2, 0}, {}, {}, 1, c.data()));
  EXPECT_THAT(c, ElementsAre(1, 2));
  ASSERT_OK(Gemm({1, 2, 0}, {}, {}, 0, c.data()));
  EXPECT_THAT(c, ElementsAre(0, 0));
  ASSERT_OK(Gemm({0, 2, 3}, {}, {}, 0, nullptr));
}

}  // namespace
}  // namespace quantd
