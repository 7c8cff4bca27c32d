#include "engine/config/suggestions.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace quantd {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(SuggestionsTest, NearestFirst) {
  EXPECT_THAT(Suggestions("conv11", {"fc", "conv2", "conv1", "conv111"}),
              ElementsAre("conv1", "conv111", "conv2"));
}

TEST(SuggestionsTest, NothingNear) {
  EXPECT_THAT(Suggestions("prob", {"conv1", "pool1"}), IsEmpty());
  EXPECT_THAT(Suggestions("", {}), IsEmpty());
}

}  // namespace
}  // namespace quantd
