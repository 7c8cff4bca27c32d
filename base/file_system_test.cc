#include "base/file_system.h"

#include <unistd.h>

#include <string>

#include "base/error.h"
#include "base/testing/memory_file_system.h"
#include "base/testing/status_matchers.h"

namespace quantd {
namespace {

using ::quantd::testing::HasReason;
using ::quantd::testing::MemoryFileSystem;
using ::testing::ElementsAre;

constexpr int64_t kMax = int64_t{1} << 20;

// The same for the machine's file system and for the fake.
class FileSystemTest : public ::testing::TestWithParam<bool> {
 protected:
  FileSystemTest()
      : files_(GetParam() ? static_cast<FileSystem*>(&memory_)
                          : FileSystem::Posix()),
        root_(GetParam() ? "/root" : ::testing::TempDir() + "fs_test") {
    static int count = 0;
    root_ += std::to_string(getpid()) + "_" + std::to_string(count++);
  }
  void SetUp() override { ASSERT_OK(files_->MakeDirectory(root_)); }

  MemoryFileSystem memory_;
  FileSystem* const files_;
  std::string root_;
};

TEST_P(FileSystemTest, WriteAtomicReplacesAndLeavesNoTemporary) {
  const std::string path = root_ + "/a";
  ASSERT_OK(files_->WriteAtomic(path, "one"));
  ASSERT_OK(files_->WriteAtomic(path, "two"));
  ASSERT_OK_AND_ASSIGN(const std::string data, files_->Read(path, kMax));
  EXPECT_EQ(data, "two");
  ASSERT_OK_AND_ASSIGN(const auto names, files_->List(root_));
  EXPECT_THAT(names, ElementsAre("a"));
}

TEST_P(FileSystemTest, AppendsAcrossOpens) {
  const std::string path = root_ + "/a";
  for (const char* piece : {"one", "two"}) {
    ASSERT_OK_AND_ASSIGN(const auto file, files_->OpenAppend(path));
    ASSERT_OK(file->Append(piece));
    ASSERT_OK(file->Sync());
  }
  ASSERT_OK_AND_ASSIGN(const int64_t size, files_->Size(path));
  EXPECT_EQ(size, 6);
  ASSERT_OK_AND_ASSIGN(const auto file, files_->OpenRead(path));
  ASSERT_OK_AND_ASSIGN(const std::string middle, file->ReadAt(2, 2));
  EXPECT_EQ(middle, "et");
  ASSERT_OK_AND_ASSIGN(const std::string end, file->ReadAt(5, 10));
  EXPECT_EQ(end, "o");
  ASSERT_OK_AND_ASSIGN(const std::string beyond, file->ReadAt(7, 10));
  EXPECT_EQ(beyond, "");
}

TEST_P(FileSystemTest, ErrorsNameThePath) {
  const std::string path = root_ + "/none";
  EXPECT_THAT(files_->Read(path, kMax), HasReason("FILE_NOT_FOUND"));
  EXPECT_THAT(files_->Remove(path), HasReason("FILE_NOT_FOUND"));
  EXPECT_THAT(files_->Rename(path, path + "2"), HasReason("FILE_NOT_FOUND"));
  EXPECT_THAT(files_->OpenAppend(path + "/x"), HasReason("FILE_NOT_FOUND"));
  EXPECT_EQ(GetErrorMetadata(files_->Size(path).status())["path"], path);
  EXPECT_FALSE(files_->Exists(path));
}

TEST_P(FileSystemTest, ReadRefusesWhatIsTooLarge) {
  ASSERT_OK(files_->WriteAtomic(root_ + "/a", "12345"));
  EXPECT_THAT(files_->Read(root_ + "/a", 4), HasReason("FILE_TOO_LARGE"));
}

TEST_P(FileSystemTest, DirectoriesAreMadeOnceListedAndRemovedEmpty) {
  const std::string path = root_ + "/d";
  ASSERT_OK(files_->MakeDirectory(path));
  ASSERT_OK(files_->MakeDirectory(path));
  ASSERT_OK(files_->WriteAtomic(path + "/b", ""));
  ASSERT_OK(files_->WriteAtomic(path + "/a", ""));
  ASSERT_OK_AND_ASSIGN(const auto names, files_->List(path));
  EXPECT_THAT(names, ElementsAre("a", "b"));
  EXPECT_THAT(files_->RemoveDirectory(path), HasReason("FILE_EXISTS"));
  ASSERT_OK(files_->Remove(path + "/a"));
  ASSERT_OK(files_->Remove(path + "/b"));
  ASSERT_OK(files_->RemoveDirectory(path));
  EXPECT_FALSE(files_->Exists(path));
}

INSTANTIATE_TEST_SUITE_P(All, FileSystemTest, ::testing::Bool(),
                         [](const auto& info) {
                           return info.param ? "Memory" : "Posix";
                         });

TEST(FileSystemFaultTest, WriteAtomicIsOldOrNewWhereverItFails) {
  for (int64_t k = 1;; ++k) {
    MemoryFileSystem files;
    ASSERT_OK(files.WriteAtomic("/a", "old"));
    files.FailOperation(k);
    const bool ok = files.WriteAtomic("/a", "new").ok();
    files.FailOperation(0);
    ASSERT_OK_AND_ASSIGN(const std::string live, files.Read("/a", kMax));
    EXPECT_TRUE(live == "old" || live == "new") << k;
    files.LosePower();
    ASSERT_OK_AND_ASSIGN(const std::string kept, files.Read("/a", kMax));
    EXPECT_TRUE(kept == "new" || (!ok && kept == "old")) << k << kept;
    if (ok) {
      EXPECT_GE(k, 5);
      break;
    }
  }
}

TEST(FileSystemFaultTest, PowerLossForgetsWhatWasNotSynced) {
  MemoryFileSystem files;
  {
    ASSERT_OK_AND_ASSIGN(const auto file, files.OpenAppend("/a"));
    ASSERT_OK(file->Append("kept"));
    ASSERT_OK(file->Sync());
    ASSERT_OK(file->Append("lost"));
  }
  ASSERT_OK(files.SyncDirectory("/"));
  ASSERT_OK_AND_ASSIGN(const auto other, files.OpenAppend("/b"));
  ASSERT_OK(other->Sync());
  files.LosePower();
  ASSERT_OK_AND_ASSIGN(const std::string data, files.Read("/a", kMax));
  EXPECT_EQ(data, "kept");
  EXPECT_FALSE(files.Exists("/b"));
}

TEST(FileSystemFaultTest, AFullDiskWritesHalf) {
  MemoryFileSystem files;
  files.SetFreeBytes(5);
  ASSERT_OK_AND_ASSIGN(const auto file, files.OpenAppend("/a"));
  EXPECT_THAT(file->Append("123456"), HasReason("DISK_FULL"));
  ASSERT_OK_AND_ASSIGN(const int64_t size, files.Size("/a"));
  EXPECT_EQ(size, 3);
}

TEST(FileSystemTest, DirectoryOfAPath) {
  EXPECT_EQ(DirectoryOf("/a/b"), "/a");
  EXPECT_EQ(DirectoryOf("/a"), "/");
  EXPECT_EQ(DirectoryOf("a"), ".");
}

}  // namespace
}  // namespace quantd
