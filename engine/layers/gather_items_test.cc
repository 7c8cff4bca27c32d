#include "engine/layers/gather_items.h"

#include <vector>

#include "base/testing/status_matchers.h"

namespace quantd {
namespace {

using ::quantd::testing::HasReason;
using ::testing::ElementsAre;

TEST(GatherItemsTest, PicksItemsAndAddsThemBack) {
  const Shape shape({3, 2});
  const std::vector<int64_t> items = {2, 0, 2};
  const std::vector<float> x = {1, 2, 3, 4, 5, 6};
  std::vector<float> picked(6);
  GatherItems(x.data(), shape, items, picked.data());
  EXPECT_THAT(picked, ElementsAre(5, 6, 1, 2, 5, 6));
  std::vector<float> back(6, 9);
  ScatterItems(picked.data(), items, shape, back.data());
  EXPECT_THAT(back, ElementsAre(1, 2, 0, 0, 10, 12));
}

TEST(GatherItemsTest, ShapeOfOtherItems) {
  ASSERT_OK_AND_ASSIGN(const Shape shape, WithItems(Shape({3, 2}), 5));
  EXPECT_EQ(shape, Shape({5, 2}));
  EXPECT_THAT(WithItems(Shape(), 1), HasReason("LAYER_SHAPE_INVALID"));
}

}  // namespace
}  // namespace quantd
