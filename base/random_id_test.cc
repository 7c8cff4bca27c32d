#include "base/random_id.h"

#include <regex>
#include <set>
#include <string>

#include "gtest/gtest.h"

namespace quantd {
namespace {

TEST(RandomIdTest, UuidHasVersionAndVariant) {
  const std::regex uuid(
      "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}");
  for (int i = 0; i < 100; ++i) {
    const std::string id = RandomUuid();
    EXPECT_TRUE(std::regex_match(id, uuid)) << id;
  }
}

TEST(RandomIdTest, IdIsAResourceName) {
  const std::regex name("j-[a-z0-9]{16}");
  for (int i = 0; i < 100; ++i) {
    const std::string id = RandomId("j");
    EXPECT_TRUE(std::regex_match(id, name)) << id;
  }
}

TEST(RandomIdTest, IdsDiffer) {
  std::set<std::string> ids;
  for (int i = 0; i < 1000; ++i) ids.insert(RandomId("j"));
  EXPECT_EQ(ids.size(), 1000u);
}

}  // namespace
}  // namespace quantd
