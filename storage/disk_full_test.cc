// Every write path on a file system that is really full: a small tmpfs. Skipped
// where a process may not mount one in a name space of its own.
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/error.h"
#include "base/testing/status_matchers.h"
#include "storage/store.h"
#include "storage/testing/temp_store.h"

namespace quantd::storage {
namespace {

using ::quantd::testing::HasReason;
using ::quantd::testing::MakeJob;
using ::quantd::testing::MakeRef;

constexpr int64_t kMax = int64_t{1} << 30;

// True if `path` is now a tmpfs of 64 MB, seen by this process only.
bool MountTmpfs(const std::string& path) {
  if (unshare(CLONE_NEWNS) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) {
    return false;
  }
  mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr);
  return mount("tmpfs", path.c_str(), "tmpfs", 0, "size=64m") == 0;
}

class DiskFullTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    root_ = new std::string(quantd::testing::NewTempDirectory());
    mounted_ = MountTmpfs(*root_);
  }

  void SetUp() override {
    if (!mounted_) GTEST_SKIP() << "mounting a tmpfs is not permitted here";
    static int count = 0;
    options_.data_dir = absl::StrCat(*root_, "/data", count++);
    Open();
  }
  void Open() {
    store_ = nullptr;
    auto store = Store::Open(options_);
    ASSERT_OK(store);
    store_ = *std::move(store);
  }

  // Leaves `left` bytes.
  void Fill(int64_t left) {
    const int64_t free = FileSystem::Posix()->FreeBytes(*root_).value();
    const int fd = open(Ballast().c_str(), O_RDWR | O_CREAT, 0600);
    ASSERT_EQ(posix_fallocate(fd, 0, free - left), 0);
    close(fd);
  }
  void Free() { ASSERT_OK(FileSystem::Posix()->Remove(Ballast())); }

  absl::Status Create(int i) {
    const std::string id = absl::StrCat("j-job", i);
    return store_->jobs()
        ->Create(MakeJob(id, std::string(30000, 'd')), id, "digest")
        .status();
  }

  static std::string Ballast() { return *root_ + "/ballast"; }

  static std::string* root_;
  static bool mounted_;
  Store::Options options_;
  std::unique_ptr<Store> store_;
};

std::string* DiskFullTest::root_ = nullptr;
bool DiskFullTest::mounted_ = false;

TEST_F(DiskFullTest, JobsGoOnWhenThereIsSpaceAgain) {
  ASSERT_OK(Create(0));
  Fill(100000);
  std::vector<int> acknowledged = {0};
  int i = 1;
  absl::Status status;
  for (; status.ok() && i < 1000; ++i) {
    status = Create(i);
    if (status.ok()) acknowledged.push_back(i);
  }
  EXPECT_THAT(status, HasReason("DISK_FULL"));
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(store_->jobs()->Get(absl::StrCat("j-job", i - 1)),
              HasReason("JOB_NOT_FOUND"));
  for (int more = 0; more < 3; ++more, ++i) {
    const absl::Status again = Create(i);
    const std::string reason = ErrorReason(again);
    EXPECT_TRUE(reason == "DISK_FULL" || reason == "STORE_READ_ONLY") << again;
  }
  for (const int job : acknowledged) {
    EXPECT_OK(store_->jobs()->Get(absl::StrCat("j-job", job)));
  }
  Free();
  // RocksDB looks for space every five seconds.
  const absl::Time deadline = absl::Now() + absl::Seconds(10);
  while (!store_->CheckWritable().ok() && absl::Now() < deadline) {
    absl::SleepFor(absl::Milliseconds(100));
  }
  ASSERT_OK(Create(i));
  acknowledged.push_back(i);
  EXPECT_GT(acknowledged.size(), 10u);
  Open();
  for (const int job : acknowledged) {
    EXPECT_OK(store_->jobs()->Get(absl::StrCat("j-job", job)));
  }
  ASSERT_OK_AND_ASSIGN(const auto active, store_->jobs()->LoadActive());
  EXPECT_EQ(active.size(), acknowledged.size());
}

TEST_F(DiskFullTest, BlobsGoOnWhenThereIsSpaceAgain) {
  const std::string bytes(1 << 20, 'b');
  const v1::BlobRef ref = MakeRef(bytes);
  {
    ASSERT_OK_AND_ASSIGN(const auto upload,
                         store_->blobs()->OpenUpload(ref, "upload"));
    Fill(300000);
    absl::Status status;
    while (status.ok() && upload->committed_size() < ref.size_bytes()) {
      status = upload->Append(upload->committed_size(),
                              bytes.substr(upload->committed_size(), 100000));
    }
    EXPECT_THAT(status, HasReason("DISK_FULL"));
  }
  EXPECT_THAT(store_->blobs()->OpenUpload(ref, "upload"),
              HasReason("DISK_FULL"));
  EXPECT_THAT(store_->blobs()->Put(bytes + "x", ""), HasReason("DISK_FULL"));
  Free();
  ASSERT_OK_AND_ASSIGN(const auto upload,
                       store_->blobs()->OpenUpload(ref, "upload"));
  EXPECT_GE(upload->committed_size(), 200000);
  ASSERT_OK(upload->Append(upload->committed_size(),
                           bytes.substr(upload->committed_size())));
  ASSERT_OK(upload->Finish());
  EXPECT_EQ(store_->blobs()->Get(ref, kMax).value_or(""), bytes);
}

TEST_F(DiskFullTest, DatasetsGoOnWhenThereIsSpaceAgain) {
  ASSERT_OK_AND_ASSIGN(
      const auto writer,
      store_->datasets()->OpenWriter("ds-" + std::string(40, 'a'), ""));
  DatasetWriter::Records records;
  records.Add()->set_key("key");
  records[0].set_value(std::string(1000000, 'v'));
  Fill(300000);
  EXPECT_THAT(writer->Append(0, records), HasReason("DISK_FULL"));
  EXPECT_EQ(writer->num_records(), 0);
  Free();
  ASSERT_OK(writer->Append(0, records));
  EXPECT_EQ(writer->num_records(), 1);
}

}  // namespace
}  // namespace quantd::storage
