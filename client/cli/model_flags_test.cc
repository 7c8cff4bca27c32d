#include "client/cli/model_flags.h"

#include "base/testing/status_matchers.h"

namespace quantd {
namespace {

using testing::HasReason;

absl::StatusOr<v1::Transform> Read(const std::vector<std::string>& args) {
  ASSIGN_OR_RETURN(const ParsedFlags flags,
                   ParsedFlags::Parse(args, ModelFlags()));
  return ReadTransform(flags);
}

TEST(ModelFlagsTest, TransformIsRead) {
  ASSERT_OK_AND_ASSIGN(const v1::Transform transform,
                       Read({"--mean-value=104,117.5,-1", "--scale=0.5",
                             "--crop=224", "--resize=240x256"}));
  ASSERT_EQ(transform.mean_value_size(), 3);
  EXPECT_EQ(transform.mean_value(0), 104);
  EXPECT_EQ(transform.mean_value(1), 117.5);
  EXPECT_EQ(transform.mean_value(2), -1);
  EXPECT_EQ(transform.scale(), 0.5);
  EXPECT_EQ(transform.crop_size(), 224);
  EXPECT_EQ(transform.resize_height(), 240);
  EXPECT_EQ(transform.resize_width(), 256);
}

TEST(ModelFlagsTest, NoFlagsGiveAnEmptyTransform) {
  ASSERT_OK_AND_ASSIGN(const v1::Transform transform, Read({}));
  EXPECT_EQ(transform.ByteSizeLong(), 0);
}

TEST(ModelFlagsTest, BadTransforms) {
  for (const char* bad : {"--mean-value=1,,2", "--mean-value=", "--scale=0",
                          "--mean-value=nan", "--crop=0", "--crop=1.5",
                          "--resize=0x5", "--resize=4x5x6", "--resize=big"}) {
    EXPECT_THAT(Read({bad}), HasReason("USAGE")) << bad;
  }
  EXPECT_THAT(Read({"--mean-value=1", "--mean-file=f"}), HasReason("USAGE"));
}

}  // namespace
}  // namespace quantd
