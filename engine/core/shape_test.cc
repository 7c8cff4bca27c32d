#include "engine/core/shape.h"

#include "base/testing/status_matchers.h"

namespace quantd {
namespace {

using ::absl::StatusCode;
using ::quantd::testing::StatusIs;

TEST(ShapeTest, CountsAndPrints) {
  const Shape shape({2, 3, 4});
  EXPECT_EQ(shape.num_axes(), 3);
  EXPECT_EQ(shape.num_elements(), 24);
  EXPECT_EQ(shape.Count(1), 12);
  EXPECT_EQ(shape.Count(0, 2), 6);
  EXPECT_EQ(shape.Count(3), 1);
  EXPECT_EQ(shape.LegacyDim(2), 4);
  EXPECT_EQ(shape.LegacyDim(3), 1);
  EXPECT_EQ(shape.ToString(), "2x3x4");
}

TEST(ShapeTest, WithoutAxesIsAScalarOfOneElement) {
  EXPECT_EQ(Shape().num_elements(), 1);
  EXPECT_EQ(Shape().ToString(), "scalar");
}

TEST(ShapeTest, AZeroMakesItEmpty) {
  EXPECT_EQ(Shape({0, 5}).num_elements(), 0);
}

TEST(ShapeTest, RefusesWhatIsNoShape) {
  EXPECT_THAT(Shape::Create({2, -1}),
              StatusIs(StatusCode::kInvalidArgument, "2x-1 has a negative"));
  EXPECT_THAT(Shape::Create(std::vector<int64_t>(33, 1)),
              StatusIs(StatusCode::kInvalidArgument, "33 axes"));
  EXPECT_OK(Shape::Create({Shape::kMaxElements}));
  EXPECT_THAT(Shape::Create({Shape::kMaxElements + 1}),
              StatusIs(StatusCode::kInvalidArgument, "elements"));
  EXPECT_THAT(Shape::Create({int64_t{1} << 62, int64_t{1} << 62}),
              StatusIs(StatusCode::kInvalidArgument, "elements"));
  EXPECT_THAT(Shape::Create({0, int64_t{1} << 40}),
              StatusIs(StatusCode::kInvalidArgument, "elements"));
}

TEST(ShapeTest, CanonicalAxis) {
  const Shape shape({2, 3});
  EXPECT_EQ(shape.CanonicalAxis(1).value(), 1);
  EXPECT_EQ(shape.CanonicalAxis(-2).value(), 0);
  EXPECT_THAT(shape.CanonicalAxis(2),
              StatusIs(StatusCode::kInvalidArgument, "axis 2"));
  EXPECT_THAT(shape.CanonicalAxis(-3),
              StatusIs(StatusCode::kInvalidArgument, "axis -3"));
}

}  // namespace
}  // namespace quantd
