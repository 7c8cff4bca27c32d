#include "client/input_file.h"

#include <unistd.h>

#include <fstream>

#include "base/testing/status_matchers.h"

namespace quantd {
namespace {

using testing::HasReason;
using testing::StatusIs;

std::string Write(const std::string& name, const std::string& bytes) {
  const std::string path = ::testing::TempDir() + "/" + name;
  std::ofstream(path) << bytes;
  return path;
}

TEST(InputFileTest, ReadsAFile) {
  const std::string path = Write("good", "abc");
  EXPECT_OK(CheckInputFile(path));
  ASSERT_OK_AND_ASSIGN(const std::string bytes, ReadInputFile(path, 3));
  EXPECT_EQ(bytes, "abc");
}

TEST(InputFileTest, MissingFileIsNamed) {
  const absl::Status status = CheckInputFile("/nowhere/model.prototxt");
  EXPECT_THAT(status, HasReason("FILE_NOT_FOUND"));
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kFailedPrecondition,
                               "/nowhere/model.prototxt"));
}

TEST(InputFileTest, DirectoryIsNotAFile) {
  EXPECT_THAT(CheckInputFile(::testing::TempDir()),
              HasReason("FILE_NOT_FOUND"));
}

TEST(InputFileTest, EmptyFileIsRefused) {
  EXPECT_THAT(CheckInputFile(Write("empty", "")), HasReason("FILE_EMPTY"));
}

TEST(InputFileTest, LargeFileIsRefused) {
  EXPECT_THAT(ReadInputFile(Write("large", "abcd"), 3),
              HasReason("FILE_TOO_LARGE"));
}

}  // namespace
}  // namespace quantd
