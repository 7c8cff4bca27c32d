#include "storage/store.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <memory>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/failpoints.h"
#include "base/testing/status_matchers.h"
#include "storage/testing/temp_store.h"

namespace quantd::storage {
namespace {

using ::quantd::testing::HasReason;
using ::quantd::testing::MakeJob;
using ::quantd::testing::MakeStateEvent;
using ::quantd::testing::NewTempDirectory;
using ::quantd::testing::TempStore;

constexpr int64_t kMax = int64_t{1} << 30;

class StoreTest : public ::testing::Test {
 protected:
  ~StoreTest() override { ClearFailpoints(); }
};

TEST_F(StoreTest, ASecondOpenerIsRefused) {
  TempStore store;
  const auto second = Store::Open(store.options());
  EXPECT_THAT(second, HasReason("STORE_LOCKED"));
  EXPECT_EQ(second.status().code(), absl::StatusCode::kFailedPrecondition);
  store.Close();
  EXPECT_OK(Store::Open(store.options()));
}

TEST_F(StoreTest, AnotherProcessIsRefused) {
  TempStore store;
  const pid_t child = fork();
  if (child == 0) {
    const auto lock = StoreLock::Acquire(store.data_dir());
    _exit(ErrorReason(lock.status()) == "STORE_LOCKED" ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST_F(StoreTest, MissingParentIsAnError) {
  Store::Options options;
  options.data_dir = NewTempDirectory() + "/none/data";
  EXPECT_THAT(Store::Open(options), HasReason("FILE_NOT_FOUND"));
}

TEST_F(StoreTest, ANewerFormatIsRefusedUntouched) {
  TempStore store;
  store.Close();
  const std::string path = store.data_dir() + "/db";
  {
    ASSERT_OK_AND_ASSIGN(const auto database, Database::Open(path));
    WriteBatch batch;
    batch.Put(Table::kMeta, "version", absl::StrCat(kFormatVersion + 1));
    ASSERT_OK(database->Write(batch));
  }
  const auto before = FileSystem::Posix()->List(path).value();
  const auto opened = Store::Open(store.options());
  EXPECT_THAT(opened, HasReason("STORE_TOO_NEW"));
  EXPECT_EQ(GetErrorMetadata(opened.status())["found"], "2");
  EXPECT_EQ(FileSystem::Posix()->List(path).value(), before);
}

TEST_F(StoreTest, AnUnreadableVersionIsCorrupt) {
  TempStore store;
  store.Close();
  {
    ASSERT_OK_AND_ASSIGN(const auto database,
                         Database::Open(store.data_dir() + "/db"));
    WriteBatch batch;
    batch.Put(Table::kMeta, "version", "x");
    ASSERT_OK(database->Write(batch));
  }
  EXPECT_THAT(Store::Open(store.options()), HasReason("STORE_CORRUPT"));
}

TEST_F(StoreTest, PageTokensSurviveARestart) {
  TempStore store;
  ASSERT_OK(store->jobs()->Create(MakeJob("j-one"), "", ""));
  ASSERT_OK(store->jobs()->Create(MakeJob("j-two"), "", ""));
  JobStore::ListOptions options;
  options.page_size = 1;
  ASSERT_OK_AND_ASSIGN(const auto page, store->jobs()->List(options));
  store.Reopen();
  options.page_token = page.next_page_token;
  ASSERT_OK_AND_ASSIGN(const auto next, store->jobs()->List(options));
  ASSERT_EQ(next.jobs.size(), 1u);
  EXPECT_EQ(next.jobs[0].id(), "j-one");
}

TEST_F(StoreTest, WritesGoOnAfterAFailure) {
  TempStore store;
  ASSERT_OK(SetFailpoint("storage/before_write", "full"));
  EXPECT_THAT(store->jobs()->Create(MakeJob("j-one"), "", ""),
              HasReason("DISK_FULL"));
  ClearFailpoints();
  EXPECT_OK(store->CheckWritable());
  EXPECT_OK(store->jobs()->Create(MakeJob("j-one"), "", ""));
}

// --- Damage: recovers, or refuses and says so; never wrong, never a crash ---

constexpr int kNumJobs = 40;

std::string JobId(int i) { return absl::StrCat("j-job", i); }

void Fill(Store* store) {
  for (int i = 0; i < kNumJobs; ++i) {
    ASSERT_OK(store->jobs()->Create(MakeJob(JobId(i), absl::StrCat("data", i)),
                                    absl::StrCat("request", i), "digest",
                                    {MakeStateEvent(v1::JOB_STATE_QUEUED)}));
  }
}

// Number of jobs that are there; what is there must be right.
int CheckJobs(Store* store) {
  int found = 0;
  for (int i = 0; i < kNumJobs; ++i) {
    const auto row = store->jobs()->Get(JobId(i));
    if (!row.ok()) {
      const std::string reason = ErrorReason(row.status());
      EXPECT_TRUE(reason == "JOB_NOT_FOUND" || reason == "STORE_CORRUPT")
          << row.status();
      continue;
    }
    EXPECT_EQ(row->job().spec().calibrate().dataset_id(),
              absl::StrCat("data", i));
    EXPECT_EQ(row->request_id(), absl::StrCat("request", i));
    ++found;
  }
  return found;
}

std::vector<std::string> ListNames(const std::string& path) {
  return FileSystem::Posix()->List(path).value();
}

void CopyDirectory(const std::string& from, const std::string& to) {
  FileSystem* const files = FileSystem::Posix();
  ASSERT_OK(files->MakeDirectory(to));
  for (const std::string& name : ListNames(from)) {
    const std::string source = absl::StrCat(from, "/", name);
    const auto data = files->Read(source, kMax);
    if (!data.ok()) {  // A directory.
      CopyDirectory(source, absl::StrCat(to, "/", name));
      continue;
    }
    ASSERT_OK_AND_ASSIGN(const auto file,
                         files->OpenAppend(absl::StrCat(to, "/", name)));
    ASSERT_OK(file->Append(*data));
  }
}

void RemoveTree(const std::string& path) {
  FileSystem* const files = FileSystem::Posix();
  for (const std::string& name : ListNames(path)) {
    const std::string child = absl::StrCat(path, "/", name);
    if (!files->Remove(child).ok()) RemoveTree(child);
  }
  EXPECT_OK(files->RemoveDirectory(path));
}

void FlipBit(const std::string& path, int64_t offset, int bit) {
  const int fd = open(path.c_str(), O_RDWR);
  char byte = 0;
  ASSERT_EQ(pread(fd, &byte, 1, offset), 1) << path;
  byte = static_cast<char>(byte ^ (1 << bit));
  ASSERT_EQ(pwrite(fd, &byte, 1, offset), 1);
  close(fd);
}

class DamageTest : public StoreTest {
 protected:
  // Damages a copy of `data_dir` at a random place of a file of `suffix`;
  // returns the jobs left, or -1 if the copy was refused.
  int DamageAndOpen(const std::string& data_dir, const std::string& suffix) {
    const std::string copy = NewTempDirectory() + "/data";
    CopyDirectory(data_dir, copy);
    std::vector<std::string> names;
    for (const auto& name : ListNames(copy + "/db")) {
      const std::string path = absl::StrCat(copy, "/db/", name);
      if (name.find(suffix) != std::string::npos &&
          FileSystem::Posix()->Size(path).value() > 0) {
        names.push_back(path);
      }
    }
    EXPECT_FALSE(names.empty()) << suffix;
    const std::string path = names[random_() % names.size()];
    const int64_t size = FileSystem::Posix()->Size(path).value();
    const int64_t offset = static_cast<int64_t>(random_() % size);
    FlipBit(path, offset, static_cast<int>(random_() % 8));
    SCOPED_TRACE(absl::StrCat(path, " at ", offset, " of ", size));
    int found = -1;
    Store::Options options;
    options.data_dir = copy;
    {
      const auto store = Store::Open(options);
      if (store.ok()) {
        found = CheckJobs(store->get());
      } else {
        EXPECT_THAT(store, HasReason("STORE_CORRUPT"));
        EXPECT_NE(store.status().message().find(copy), std::string::npos);
      }
    }
    RemoveTree(copy);
    return found;
  }

  std::mt19937 random_{20261121};
};

TEST_F(DamageTest, TablesAndManifest) {
  TempStore store;
  Fill(store.operator->());
  store.Close();  // Writes the tables.
  int refused = 0;
  for (int i = 0; i < 30; ++i) {
    for (const char* suffix : {".sst", "MANIFEST", "CURRENT"}) {
      const int found = DamageAndOpen(store.data_dir(), suffix);
      refused += found < 0;
      EXPECT_TRUE(found == -1 || found == kNumJobs) << suffix << found;
    }
  }
  EXPECT_GT(refused, 20);
}

// The log of a store that was killed. Only its very last record can pass for
// one that was never finished.
TEST_F(DamageTest, Log) {
  TempStore store;
  Fill(store.operator->());
  const std::string killed = NewTempDirectory() + "/data";
  CopyDirectory(store.data_dir(), killed);
  int refused = 0;
  for (int i = 0; i < 60; ++i) {
    const int found = DamageAndOpen(killed, ".log");
    refused += found < 0;
    EXPECT_TRUE(found == -1 || found >= kNumJobs - 1) << found;
  }
  EXPECT_GT(refused, 20);
}

}  // namespace
}  // namespace quantd::storage
