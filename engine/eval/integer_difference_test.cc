#include "engine/eval/integer_difference.h"

#include "gtest/gtest.h"

namespace quantd {
namespace {

TEST(IntegerDifferenceTest, CountsElementsAndSteps) {
  IntegerDifference difference;
  const int16_t a[] = {1, -2, 32767};
  const int16_t b[] = {1, -1, -32768};
  difference.Add(absl::MakeConstSpan(a), absl::MakeConstSpan(b));
  difference.Add(int64_t{1} << 40, 0);
  EXPECT_EQ(difference.num_elements(), 4);
  EXPECT_EQ(difference.num_differing(), 3);
  EXPECT_EQ(difference.max_steps(), int64_t{1} << 40);
}

TEST(IntegerDifferenceTest, LessThanAUnitIsNoDifference) {
  IntegerDifference difference;
  difference.Add(0, 15, 16);
  EXPECT_EQ(difference.num_differing(), 0);
  difference.Add(-20, 15, 16);
  EXPECT_EQ(difference.num_differing(), 1);
  EXPECT_EQ(difference.max_steps(), 2);
}

}  // namespace
}  // namespace quantd
