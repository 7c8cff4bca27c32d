// Kills a process that writes to a store, at every failpoint and at random
// moments; what it had acknowledged must be there afterwards, and nothing half.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>
#include <random>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/failpoints.h"
#include "base/testing/status_matchers.h"
#include "storage/store.h"
#include "storage/testing/temp_store.h"

namespace quantd::storage {
namespace {

using ::quantd::testing::HasReason;
using ::quantd::testing::NewTempDirectory;
using ::testing::IsEmpty;

constexpr int64_t kMax = int64_t{1} << 30;
constexpr char kWriter[] = "storage/testing/store_writer";

struct Acknowledged {
  std::map<std::string, std::string> created;  // Job -> request id.
  std::set<std::string> succeeded, deleting, deleted, datasets;
  std::map<std::string, int64_t> blobs;  // Digest -> size.
  int64_t token = 0;
};

Acknowledged ReadAcks(const std::string& path) {
  Acknowledged acks;
  std::ifstream file(path);
  std::string line;
  while (std::getline(file, line)) {
    if (file.eof()) break;  // Torn: no end of line.
    std::istringstream words(line);
    std::string what, name, more;
    words >> what >> name >> more;
    if (what == "created") acks.created[name] = more;
    if (what == "succeeded") acks.succeeded.insert(name);
    if (what == "deleting") acks.deleting.insert(name);
    if (what == "deleted") acks.deleted.insert(name);
    if (what == "dataset") acks.datasets.insert(name);
    if (what == "blob") acks.blobs[name] = std::stoll(more);
    if (what == "token")
      acks.token = std::max<int64_t>(acks.token, std::stoll(name));
  }
  return acks;
}

class CrashTest : public ::testing::Test {
 protected:
  CrashTest() : root_(NewTempDirectory()) {}

  // Starts the writer; `kill_after` finite: SIGKILL then. Returns its exit
  // status, -1 if a signal ended it.
  int RunWriter(const std::string& failpoints, int first, int count,
                absl::Duration kill_after = absl::InfiniteDuration()) {
    const std::string data_dir = DataDir();
    const std::string acks = AckFile();
    const pid_t child = fork();
    if (child == 0) {
      setenv("QUANTD_FAILPOINTS", failpoints.c_str(), 1);
      execl(kWriter, kWriter, data_dir.c_str(), acks.c_str(),
            absl::StrCat(first).c_str(), absl::StrCat(count).c_str(), nullptr);
      _exit(127);
    }
    if (kill_after != absl::InfiniteDuration()) {
      absl::SleepFor(kill_after);
      kill(child, SIGKILL);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

  void Check() {
    const Acknowledged acks = ReadAcks(AckFile());
    Store::Options options;
    options.data_dir = DataDir();
    ASSERT_OK_AND_ASSIGN(const auto store, Store::Open(options));
    CheckAcknowledgedJobs(acks, store->jobs());
    CheckAllJobs(store->jobs());
    ASSERT_OK_AND_ASSIGN(const int64_t token, store->jobs()->NextToken());
    EXPECT_GT(token, acks.token);
    CheckBlobs(acks, store->blobs());
    for (const std::string& id : acks.datasets) {
      EXPECT_OK(store->datasets()->Path(id));
    }
  }

  std::string DataDir() const { return root_ + "/data"; }
  std::string AckFile() const { return root_ + "/acks"; }

 private:
  static void CheckAcknowledgedJobs(const Acknowledged& acks, JobStore* jobs) {
    for (const auto& [id, request] : acks.created) {
      const auto row = jobs->Get(id);
      if (acks.deleted.count(id) > 0) {
        EXPECT_THAT(row, HasReason("JOB_NOT_FOUND"));
        continue;
      }
      if (acks.deleting.count(id) > 0 && !row.ok()) continue;
      ASSERT_TRUE(row.ok()) << id << ": " << row.status();
      EXPECT_EQ(row->request_id(), request);
      if (acks.succeeded.count(id) > 0) {
        EXPECT_EQ(row->job().state(), v1::JOB_STATE_SUCCEEDED) << id;
      }
    }
  }

  // Each job is whole, acknowledged or not.
  static void CheckAllJobs(JobStore* jobs) {
    JobStore::ListOptions options;
    options.page_size = 1000;
    ASSERT_OK_AND_ASSIGN(const auto page, jobs->List(options));
    std::set<std::string> requests;
    for (const v1::Job& job : page.jobs) {
      ASSERT_OK_AND_ASSIGN(const auto row, jobs->Get(job.id()));
      EXPECT_TRUE(requests.insert(row.request_id()).second);
      const bool done = job.state() == v1::JOB_STATE_SUCCEEDED;
      ASSERT_OK_AND_ASSIGN(const auto records, jobs->ListRecords(job.id()));
      EXPECT_EQ(records.size(), done ? 3u : 0u) << job.id();
      ASSERT_OK_AND_ASSIGN(const auto events,
                           jobs->ReadEvents(job.id(), 0, 1000));
      EXPECT_EQ(static_cast<int64_t>(events.size()), job.last_sequence());
      for (size_t i = 0; i < events.size(); ++i) {
        EXPECT_EQ(events[i].sequence(), static_cast<int64_t>(i) + 1);
      }
      EXPECT_EQ(done, !events.empty() &&
                          events.back().state() == v1::JOB_STATE_SUCCEEDED);
      // The same request finds the same job.
      v1::Job other = job;
      other.set_id("j-other");
      ASSERT_OK_AND_ASSIGN(const auto again,
                           jobs->Create(other, row.request_id(), "digest"));
      EXPECT_FALSE(again.created);
      EXPECT_EQ(again.row.job().id(), job.id());
    }
  }

  static void CheckBlobs(const Acknowledged& acks, BlobStore* blobs) {
    for (const auto& [sha256, size] : acks.blobs) {
      v1::BlobRef ref;
      ref.set_sha256(sha256);
      ref.set_size_bytes(size);
      EXPECT_OK(blobs->Get(ref, kMax));
    }
    ASSERT_OK_AND_ASSIGN(const auto digests, blobs->List());
    for (const std::string& sha256 : digests) {
      v1::BlobRef ref;
      ref.set_sha256(sha256);
      EXPECT_OK(blobs->Get(ref, kMax));
    }
  }

  const std::string root_;
};

std::vector<std::string> StorageFailpoints() {
  std::vector<std::string> names;
  FILE* const list = popen(absl::StrCat(kWriter, " --list").c_str(), "r");
  char line[256];
  while (list != nullptr && fgets(line, sizeof(line), list) != nullptr) {
    const std::string name(line, strcspn(line, "\n"));
    if (absl::StartsWith(name, "storage/")) names.push_back(name);
  }
  if (list != nullptr) pclose(list);
  return names;
}

TEST_F(CrashTest, DiesAtEachFailpoint) {
  const std::vector<std::string> names = StorageFailpoints();
  EXPECT_GE(names.size(), 20u);
  int first = 0;
  for (const std::string& name : names) {
    SCOPED_TRACE(name);
    // The second hit where there is one, so that the first succeeded before.
    int status = RunWriter(absl::StrCat(name, "=kill:2"), first, 4);
    if (status == 0) {
      status = RunWriter(absl::StrCat(name, "=kill"), first + 4, 4);
    }
    // Reached only when a digest is wrong.
    if (name != "storage/dataset_before_remove") {
      EXPECT_EQ(status, kFailpointExitCode);
    }
    Check();
    // The same work again ends well, also what was half done.
    EXPECT_EQ(RunWriter("", first, 8), 0);
    first += 8;
  }
  Check();
}

TEST_F(CrashTest, DiesAtRandomMoments) {
  std::mt19937 random(20261121);
  int longest = 160;  // Milliseconds.
  for (int round = 0; round < 12; ++round) {
    SCOPED_TRACE(round);
    const auto delay = absl::Milliseconds(10 + random() % (longest - 10));
    RunWriter("", 1000 * round, 1000, delay);
    Check();
    // A slow machine, or a slow build.
    if (ReadAcks(AckFile()).created.empty()) longest *= 2;
  }
  EXPECT_THAT(ReadAcks(AckFile()).created, ::testing::Not(IsEmpty()));
}

}  // namespace
}  // namespace quantd::storage
