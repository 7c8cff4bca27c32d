#include "engine/model/text_positions.h"

#include "gtest/gtest.h"

namespace quantd {
namespace {

TEST(TextPositionsTest, TabsReachToMultiplesOfEight) {
  TextPositions positions("a\n\tbc\td\n  e");
  EXPECT_EQ(positions.OffsetOf(0, 0), 0);
  EXPECT_EQ(positions.OffsetOf(1, 8), 3);  // b
  EXPECT_EQ(positions.OffsetOf(1, 9), 4);
  EXPECT_EQ(positions.OffsetOf(1, 16), 6);  // d
  EXPECT_EQ(positions.ColumnOf(1, 16), 4);
  EXPECT_EQ(positions.ColumnOf(2, 2), 2);
}

TEST(TextPositionsTest, AnyOrderGivesTheSame) {
  TextPositions positions("ab\tc\nxyz");
  EXPECT_EQ(positions.OffsetOf(1, 2), 7);
  EXPECT_EQ(positions.OffsetOf(0, 8), 3);
  EXPECT_EQ(positions.OffsetOf(0, 1), 1);
  EXPECT_EQ(positions.OffsetOf(1, 0), 5);
}

TEST(TextPositionsTest, PlacesBeyondTheTextAreItsEnd) {
  TextPositions positions("ab\ncd");
  EXPECT_EQ(positions.OffsetOf(0, 99), 2);
  EXPECT_EQ(positions.OffsetOf(9, 99), 5);
  EXPECT_EQ(positions.OffsetOf(-1, 0), 0);
  TextPositions empty("");
  EXPECT_EQ(empty.OffsetOf(0, 3), 0);
}

}  // namespace
}  // namespace quantd
