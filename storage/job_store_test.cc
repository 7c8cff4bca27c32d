#include "storage/job_store.h"

#include <set>
#include <string>
#include <thread>
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
using ::quantd::testing::TempStore;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char kRequest[] = "3f2b2c1a-0000-4000-8000-000000000001";
constexpr int64_t kAny = JobStore::kAnyToken;

std::vector<std::string> Ids(const std::vector<v1::Job>& jobs) {
  std::vector<std::string> ids;
  for (const v1::Job& job : jobs) ids.push_back(job.id());
  return ids;
}

v1::LayerRecord MakeRecord(const std::string& layer) {
  v1::LayerRecord record;
  record.set_layer(layer);
  return record;
}

class JobStoreTest : public ::testing::Test {
 protected:
  ~JobStoreTest() override { ClearFailpoints(); }

  void Create(const std::string& id) {
    ASSERT_OK(store_->jobs()->Create(MakeJob(id), "", "digest"));
  }
  void SetState(const std::string& id, v1::JobState state) {
    ASSERT_OK(store_->jobs()->UpdateIf(id, kAny, [&](JobChange* change) {
      change->row.mutable_job()->set_state(state);
      change->events.push_back(MakeStateEvent(state));
      return absl::OkStatus();
    }));
  }

  TempStore store_;
};

TEST_F(JobStoreTest, CreatedJobIsThereAfterARestart) {
  ASSERT_OK_AND_ASSIGN(
      const auto result,
      store_->jobs()->Create(MakeJob("j-abc"), kRequest, "digest",
                             {MakeStateEvent(v1::JOB_STATE_QUEUED)}));
  EXPECT_TRUE(result.created);
  EXPECT_EQ(result.row.create_sequence(), 1);
  store_.Reopen();
  ASSERT_OK_AND_ASSIGN(const JobRow row, store_->jobs()->Get("j-abc"));
  EXPECT_EQ(row.SerializeAsString(), result.row.SerializeAsString());
  EXPECT_EQ(row.job().spec().calibrate().dataset_id(), "ds-1");
  EXPECT_EQ(row.job().last_sequence(), 1);
}

TEST_F(JobStoreTest, SameRequestGivesTheSameJob) {
  ASSERT_OK(store_->jobs()->Create(MakeJob("j-first"), kRequest, "digest"));
  SetState("j-first", v1::JOB_STATE_RUNNING);
  store_.Reopen();
  ASSERT_OK_AND_ASSIGN(
      const auto again,
      store_->jobs()->Create(MakeJob("j-second"), kRequest, "digest"));
  EXPECT_FALSE(again.created);
  EXPECT_EQ(again.row.job().id(), "j-first");
  EXPECT_EQ(again.row.job().state(), v1::JOB_STATE_RUNNING);
  EXPECT_THAT(store_->jobs()->Get("j-second"), HasReason("JOB_NOT_FOUND"));
}

TEST_F(JobStoreTest, SameRequestWithAnotherSpecIsRefused) {
  ASSERT_OK(store_->jobs()->Create(MakeJob("j-first"), kRequest, "digest"));
  const auto result =
      store_->jobs()->Create(MakeJob("j-second"), kRequest, "other");
  EXPECT_THAT(result, HasReason("REQUEST_ID_REUSED"));
  EXPECT_EQ(GetErrorMetadata(result.status())["requestId"], kRequest);
}

TEST_F(JobStoreTest, JobsWithoutRequestIdAreAllNew) {
  Create("j-one");
  Create("j-two");
  EXPECT_THAT(store_->jobs()->Create(MakeJob("j-one"), "", "digest"),
              HasReason("RESOURCE_EXISTS"));
}

TEST_F(JobStoreTest, RequestIdsAreCheckedAndCollected) {
  EXPECT_THAT(
      store_->jobs()->Create(MakeJob("j-one"), std::string(65, 'a'), "d"),
      HasReason("OPTION_OUT_OF_RANGE"));
  EXPECT_THAT(store_->jobs()->Create(MakeJob("j-one"), "a\nb", "d"),
              HasReason("OPTION_OUT_OF_RANGE"));
  ASSERT_OK(store_->jobs()->Create(MakeJob("j-one"), kRequest, "d"));
  const absl::Time created = absl::FromUnixSeconds(1'700'000'000);
  EXPECT_EQ(store_->jobs()->CollectRequests(created).value_or(-1), 0);
  EXPECT_EQ(
      store_->jobs()->CollectRequests(created + absl::Seconds(1)).value_or(-1),
      1);
  ASSERT_OK_AND_ASSIGN(
      const auto result,
      store_->jobs()->Create(MakeJob("j-two"), kRequest, "other"));
  EXPECT_TRUE(result.created);
}

TEST_F(JobStoreTest, BadNamesAreNotFound) {
  for (const std::string& id :
       {std::string(), std::string("../db"), std::string("j/abc"),
        std::string("J-ABC"), std::string("j-a\0b", 5),
        std::string(5000, 'a')}) {
    EXPECT_THAT(store_->jobs()->Get(id), HasReason("JOB_NOT_FOUND"));
    EXPECT_THAT(store_->jobs()->Delete(id), HasReason("JOB_NOT_FOUND"));
    EXPECT_THAT(store_->jobs()->ReadEvents(id, 0, 1),
                HasReason("JOB_NOT_FOUND"));
  }
}

TEST_F(JobStoreTest, EventsAreNumberedWithoutGaps) {
  Create("j-abc");
  Create("j-abcd");  // Its rows stay apart though the name begins the same.
  for (int i = 0; i < 300; ++i) {
    ASSERT_OK(store_->jobs()->UpdateIf("j-abc", kAny, [&](JobChange* change) {
      v1::JobEvent event;
      event.set_log(absl::StrCat(i));
      change->events.push_back(event);
      change->row.mutable_job()->set_last_sequence(999);  // Ignored.
      change->sync = false;
      return absl::OkStatus();
    }));
    if (i == 150) store_.Reopen();
  }
  SetState("j-abcd", v1::JOB_STATE_RUNNING);
  ASSERT_OK_AND_ASSIGN(const auto events,
                       store_->jobs()->ReadEvents("j-abc", 250, 1000));
  ASSERT_THAT(events, SizeIs(50));
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(events[i].sequence(), 251 + i);
    EXPECT_EQ(events[i].log(), absl::StrCat(250 + i));
  }
  ASSERT_OK_AND_ASSIGN(const auto some,
                       store_->jobs()->ReadEvents("j-abc", 0, 7));
  EXPECT_THAT(some, SizeIs(7));
  ASSERT_OK_AND_ASSIGN(const auto none,
                       store_->jobs()->ReadEvents("j-abc", 300, 7));
  EXPECT_THAT(none, IsEmpty());
}

TEST_F(JobStoreTest, RecordsKeepNetworkOrderAndAreReplaced) {
  Create("j-abc");
  const auto write = [this](const std::vector<std::string>& layers) {
    ASSERT_OK(store_->jobs()->UpdateIf("j-abc", kAny, [&](JobChange* change) {
      change->records.emplace();
      for (const std::string& layer : layers) {
        change->records->push_back(MakeRecord(layer));
      }
      return absl::OkStatus();
    }));
  };
  std::vector<std::string> layers;
  for (int i = 0; i < 300; ++i) layers.push_back(absl::StrCat("conv", 300 - i));
  write(layers);
  store_.Reopen();
  ASSERT_OK_AND_ASSIGN(auto records, store_->jobs()->ListRecords("j-abc"));
  ASSERT_THAT(records, SizeIs(300));
  for (int i = 0; i < 300; ++i) EXPECT_EQ(records[i].layer(), layers[i]);
  write({"ip1"});
  ASSERT_OK_AND_ASSIGN(records, store_->jobs()->ListRecords("j-abc"));
  ASSERT_THAT(records, SizeIs(1));
  EXPECT_EQ(records[0].layer(), "ip1");
}

TEST_F(JobStoreTest, AStaleAttemptCannotWrite) {
  Create("j-abc");
  const auto lease = [this](int64_t expected, int64_t token) {
    return store_->jobs()
        ->UpdateIf("j-abc", expected,
                   [token](JobChange* change) {
                     change->row.set_lease_token(token);
                     return absl::OkStatus();
                   })
        .status();
  };
  ASSERT_OK(lease(0, 7));
  EXPECT_THAT(lease(0, 8), HasReason("STALE_ATTEMPT"));
  ASSERT_OK(lease(7, 8));
  const absl::Status stale = lease(7, 9);
  EXPECT_EQ(stale.code(), absl::StatusCode::kAborted);
  ASSERT_OK_AND_ASSIGN(const JobRow row, store_->jobs()->Get("j-abc"));
  EXPECT_EQ(row.lease_token(), 8);
}

TEST_F(JobStoreTest, ARefusedChangeWritesNothing) {
  Create("j-abc");
  ASSERT_OK_AND_ASSIGN(const JobRow before, store_->jobs()->Get("j-abc"));
  const auto change_all = [](JobChange* change) {
    change->row.mutable_job()->set_state(v1::JOB_STATE_FAILED);
    change->events.push_back(MakeStateEvent(v1::JOB_STATE_FAILED));
    change->records.emplace({MakeRecord("x")});
  };
  EXPECT_THAT(store_->jobs()->UpdateIf(
                  "j-abc", kAny,
                  [&](JobChange* change) {
                    change_all(change);
                    return Error(absl::StatusCode::kAborted, "NO", "no");
                  }),
              HasReason("NO"));
  ASSERT_OK(SetFailpoint("storage/before_write", "error"));
  EXPECT_THAT(store_->jobs()->UpdateIf("j-abc", kAny,
                                       [&](JobChange* change) {
                                         change_all(change);
                                         return absl::OkStatus();
                                       }),
              HasReason("FAILPOINT"));
  ClearFailpoints();
  ASSERT_OK_AND_ASSIGN(const JobRow after, store_->jobs()->Get("j-abc"));
  EXPECT_EQ(after.SerializeAsString(), before.SerializeAsString());
  EXPECT_THAT(store_->jobs()->ReadEvents("j-abc", 0, 9).value(), IsEmpty());
  EXPECT_THAT(store_->jobs()->ListRecords("j-abc").value(), IsEmpty());
}

TEST_F(JobStoreTest, DeleteForgetsEverything) {
  ASSERT_OK(store_->jobs()->Create(MakeJob("j-abc"), kRequest, "digest",
                                   {MakeStateEvent(v1::JOB_STATE_QUEUED)}));
  Create("j-abcd");
  SetState("j-abcd", v1::JOB_STATE_RUNNING);
  ASSERT_OK(store_->jobs()->Delete("j-abc"));
  store_.Reopen();
  EXPECT_THAT(store_->jobs()->Get("j-abc"), HasReason("JOB_NOT_FOUND"));
  EXPECT_THAT(store_->jobs()->Delete("j-abc"), HasReason("JOB_NOT_FOUND"));
  ASSERT_OK_AND_ASSIGN(const auto page, store_->jobs()->List({}));
  EXPECT_THAT(Ids(page.jobs), ElementsAre("j-abcd"));
  // Nothing of the old job shows up in a new one of the same name.
  ASSERT_OK_AND_ASSIGN(const auto again,
                       store_->jobs()->Create(MakeJob("j-abc"), kRequest, "x"));
  EXPECT_TRUE(again.created);
  EXPECT_GT(again.row.create_sequence(), 2);
  EXPECT_THAT(store_->jobs()->ReadEvents("j-abc", 0, 9).value(), IsEmpty());
  EXPECT_THAT(store_->jobs()->ReadEvents("j-abcd", 0, 9).value(), SizeIs(1));
}

TEST_F(JobStoreTest, CreateSequencesAreNotUsedAgain) {
  Create("j-one");
  Create("j-two");
  ASSERT_OK(store_->jobs()->Delete("j-two"));
  store_.Reopen();
  ASSERT_OK_AND_ASSIGN(const auto result,
                       store_->jobs()->Create(MakeJob("j-three"), "", ""));
  EXPECT_EQ(result.row.create_sequence(), 3);
}

TEST_F(JobStoreTest, AnUpdateCannotChangeWhoTheJobIs) {
  ASSERT_OK(store_->jobs()->Create(MakeJob("j-one"), kRequest, "digest"));
  ASSERT_OK_AND_ASSIGN(const JobRow before, store_->jobs()->Get("j-one"));
  ASSERT_OK(store_->jobs()->UpdateIf("j-one", kAny, [](JobChange* change) {
    change->row.mutable_job()->set_id("j-two");
    change->row.mutable_job()->set_last_sequence(7);
    change->row.set_create_sequence(9);
    change->row.set_request_id("other");
    return absl::OkStatus();
  }));
  ASSERT_OK_AND_ASSIGN(const JobRow after, store_->jobs()->Get("j-one"));
  EXPECT_EQ(after.SerializeAsString(), before.SerializeAsString());
}

TEST_F(JobStoreTest, ListsNewestFirstAndPagesDoNotShift) {
  for (int i = 0; i < 10; ++i) Create(absl::StrCat("j-", i, "a"));
  JobStore::ListOptions options;
  options.page_size = 4;
  ASSERT_OK_AND_ASSIGN(auto page, store_->jobs()->List(options));
  EXPECT_THAT(Ids(page.jobs), ElementsAre("j-9a", "j-8a", "j-7a", "j-6a"));
  Create("j-new");
  ASSERT_OK(store_->jobs()->Delete("j-6a"));
  store_.Reopen();
  options.page_token = page.next_page_token;
  ASSERT_OK_AND_ASSIGN(page, store_->jobs()->List(options));
  EXPECT_THAT(Ids(page.jobs), ElementsAre("j-5a", "j-4a", "j-3a", "j-2a"));
  options.page_token = page.next_page_token;
  ASSERT_OK_AND_ASSIGN(page, store_->jobs()->List(options));
  EXPECT_THAT(Ids(page.jobs), ElementsAre("j-1a", "j-0a"));
  EXPECT_EQ(page.next_page_token, "");
}

TEST_F(JobStoreTest, AFullLastPageHasNoToken) {
  for (int i = 0; i < 4; ++i) Create(absl::StrCat("j-", i, "a"));
  JobStore::ListOptions options;
  options.page_size = 4;
  ASSERT_OK_AND_ASSIGN(const auto page, store_->jobs()->List(options));
  EXPECT_THAT(page.jobs, SizeIs(4));
  EXPECT_EQ(page.next_page_token, "");
}

TEST_F(JobStoreTest, ListFiltersByStateAndBindsTheToken) {
  for (int i = 0; i < 6; ++i) Create(absl::StrCat("j-", i, "a"));
  SetState("j-1a", v1::JOB_STATE_RUNNING);
  SetState("j-3a", v1::JOB_STATE_RUNNING);
  SetState("j-4a", v1::JOB_STATE_FAILED);
  JobStore::ListOptions options;
  options.page_size = 1;
  options.state_filter = {v1::JOB_STATE_RUNNING};
  ASSERT_OK_AND_ASSIGN(const auto page, store_->jobs()->List(options));
  EXPECT_THAT(Ids(page.jobs), ElementsAre("j-3a"));
  options.page_token = page.next_page_token;
  ASSERT_OK_AND_ASSIGN(const auto next, store_->jobs()->List(options));
  EXPECT_THAT(Ids(next.jobs), ElementsAre("j-1a"));
  EXPECT_EQ(next.next_page_token, "");
  options.state_filter = {v1::JOB_STATE_FAILED};
  EXPECT_THAT(store_->jobs()->List(options), HasReason("PAGE_TOKEN_INVALID"));
  options.page_token = "bm9uc2Vuc2U";
  EXPECT_THAT(store_->jobs()->List(options), HasReason("PAGE_TOKEN_INVALID"));
}

TEST_F(JobStoreTest, LoadActiveGivesUnfinishedJobsOldestFirst) {
  for (int i = 0; i < 5; ++i) Create(absl::StrCat("j-", i, "a"));
  SetState("j-0a", v1::JOB_STATE_SUCCEEDED);
  SetState("j-1a", v1::JOB_STATE_RUNNING);
  SetState("j-2a", v1::JOB_STATE_CANCELLED);
  SetState("j-3a", v1::JOB_STATE_FAILED);
  store_.Reopen();
  ASSERT_OK_AND_ASSIGN(const auto rows, store_->jobs()->LoadActive());
  ASSERT_THAT(rows, SizeIs(2));
  EXPECT_EQ(rows[0].job().id(), "j-1a");
  EXPECT_EQ(rows[1].job().id(), "j-4a");
}

TEST_F(JobStoreTest, TokensGrowAcrossRestarts) {
  int64_t last = 0;
  for (int i = 0; i < 250; ++i) {
    ASSERT_OK_AND_ASSIGN(const int64_t token, store_->jobs()->NextToken());
    EXPECT_GT(token, last);
    last = token;
    if (i % 60 == 0) store_.Reopen();
  }
}

TEST_F(JobStoreTest, ConcurrentRequestsMakeOneJobEach) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([this, t] {
      for (int i = 0; i < 20; ++i) {
        EXPECT_OK(store_->jobs()->Create(MakeJob(absl::StrCat("j-", t, "-", i)),
                                         absl::StrCat("request-", i),
                                         "digest"));
        EXPECT_OK(store_->jobs()->NextToken());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  store_.Reopen();
  ASSERT_OK_AND_ASSIGN(const auto rows, store_->jobs()->LoadActive());
  EXPECT_THAT(rows, SizeIs(20));
  std::set<int64_t> sequences;
  for (const JobRow& row : rows) sequences.insert(row.create_sequence());
  EXPECT_THAT(sequences, SizeIs(20));
}

TEST_F(JobStoreTest, ConcurrentUpdatesLoseNothing) {
  Create("j-abc");
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([this] {
      for (int i = 0; i < 50; ++i) {
        EXPECT_OK(
            store_->jobs()->UpdateIf("j-abc", kAny, [](JobChange* change) {
              change->row.mutable_job()->set_attempt(
                  change->row.job().attempt() + 1);
              change->events.emplace_back();
              change->sync = false;
              return absl::OkStatus();
            }));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  ASSERT_OK_AND_ASSIGN(const JobRow row, store_->jobs()->Get("j-abc"));
  EXPECT_EQ(row.job().attempt(), 200);
  EXPECT_EQ(row.job().last_sequence(), 200);
}

}  // namespace
}  // namespace quantd::storage
