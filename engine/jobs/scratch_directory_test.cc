#include "engine/jobs/scratch_directory.h"

#include <stdlib.h>

#include "base/file_system.h"
#include "base/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace quantd {
namespace {

using ::quantd::testing::HasReason;

TEST(ScratchDirectoryTest, FilesLiveAsLongAsTheDirectory) {
  setenv("TMPDIR", ::testing::TempDir().c_str(), 1);
  std::string path;
  {
    const auto scratch = ScratchDirectory::Create();
    ASSERT_OK(scratch);
    const auto first = (*scratch)->Write("one");
    const auto second = (*scratch)->Write("two");
    ASSERT_OK(first);
    ASSERT_OK(second);
    path = *second;
    EXPECT_NE(*first, *second);
    EXPECT_TRUE(FileSystem::Posix()->Exists(*first));
    EXPECT_EQ(*FileSystem::Posix()->Read(path, 10), "two");
  }
  EXPECT_FALSE(FileSystem::Posix()->Exists(path));
  EXPECT_FALSE(FileSystem::Posix()->Exists(path.substr(0, path.rfind('/'))));
}

TEST(ScratchDirectoryTest, NoRoomForItIsAnError) {
  setenv("TMPDIR", "/nowhere", 1);
  EXPECT_THAT(ScratchDirectory::Create(), HasReason("FILE_WRITE_FAILED"));
}

}  // namespace
}  // namespace quantd
