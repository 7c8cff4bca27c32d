#include "client/cli/fetch_artifacts.h"

#include <filesystem>

#include "base/testing/status_matchers.h"

namespace quantd {
namespace {

using testing::HasReason;

TEST(FetchArtifactsTest, NamesBecomeSafeFileNames) {
  EXPECT_EQ(SafeFileName("lenet_quant.json"), "lenet_quant.json");
  EXPECT_EQ(SafeFileName("../../etc/passwd"), "passwd");
  EXPECT_EQ(SafeFileName("/abs/name"), "name");
  EXPECT_EQ(SafeFileName("a\\b"), "b");
  EXPECT_EQ(SafeFileName("a\nb"), "a_b");
  EXPECT_EQ(SafeFileName(".."), "");
  EXPECT_EQ(SafeFileName(".bashrc"), "");
  EXPECT_EQ(SafeFileName("dir/"), "");
  EXPECT_EQ(SafeFileName(""), "");
}

TEST(FetchArtifactsTest, DirectoriesAreCreatedWithTheirParents) {
  const std::string directory = ::testing::TempDir() + "/p/q/r";
  EXPECT_OK(PrepareDirectory(directory));
  EXPECT_TRUE(std::filesystem::is_directory(directory));
  EXPECT_OK(PrepareDirectory(directory));
  EXPECT_THAT(PrepareDirectory("/proc/nowhere"),
              HasReason("FILE_WRITE_FAILED"));
}

}  // namespace
}  // namespace quantd
