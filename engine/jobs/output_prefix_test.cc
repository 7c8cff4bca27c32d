#include "engine/jobs/output_prefix.h"

#include "gtest/gtest.h"

namespace quantd {
namespace {

TEST(OutputPrefixTest, TakesTheNameOrTheFiles) {
  EXPECT_EQ(OutputPrefix("lenet", "x.prototxt"), "lenet");
  EXPECT_EQ(OutputPrefix("", "/models/le net.v1.prototxt"), "le_net.v1");
  EXPECT_EQ(OutputPrefix("", "deploy"), "deploy");
  EXPECT_EQ(OutputPrefix("", ".prototxt"), "model");
  EXPECT_EQ(OutputPrefix("", std::string(300, 'a')).size(), 128u);
}

}  // namespace
}  // namespace quantd
