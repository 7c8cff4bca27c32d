#include "client/client.h"

#include <thread>

#include "absl/time/clock.h"
#include "base/error.h"
#include "base/testing/status_matchers.h"
#include "client/testing/fake_server.h"

namespace quantd {
namespace {

using testing::FakeServer;
using testing::GetStatus;
using testing::HasReason;
using testing::StatusIs;

v1::JobEvent StateEvent(v1::JobState state) {
  v1::JobEvent event;
  event.set_state(state);
  return event;
}

v1::JobEvent LogEvent(const std::string& line) {
  v1::JobEvent event;
  event.set_log(line);
  return event;
}

v1::Job MakeJob(const std::string& id, v1::JobState state) {
  v1::Job job;
  job.set_id(id);
  job.set_state(state);
  return job;
}

class ClientTest : public ::testing::Test {
 protected:
  std::unique_ptr<Client> Connect(Client::Options options = {}) {
    auto client = Client::Connect(server_.address(), options);
    EXPECT_OK(client);
    return *std::move(client);
  }

  // The sequences of the events that a watch after `after` sees.
  std::vector<int64_t> Watch(Client* client, const std::string& id,
                             int64_t after) {
    std::vector<int64_t> seen;
    EXPECT_OK(client->WatchJob(id, after, [&](const v1::JobEvent& event) {
      seen.push_back(event.sequence());
      return true;
    }));
    return seen;
  }

  FakeServer server_;
};

TEST_F(ClientTest, CreateIsRetriedWithTheSameRequestId) {
  const auto client = Connect();
  server_.FailNextCalls(2, absl::UnavailableError("starting"));
  v1::JobSpec spec;
  spec.mutable_evaluate()->set_dataset_id("ds-1");
  ASSERT_OK_AND_ASSIGN(const v1::Job job, client->CreateJob(spec, "id-1"));
  EXPECT_EQ(job.id(), "job-1");
  EXPECT_EQ(server_.last_create().request_id(), "id-1");
  EXPECT_EQ(server_.calls("CreateJob"), 3);
}

TEST_F(ClientTest, CreateWithoutRequestIdIsNotRetried) {
  const auto client = Connect();
  server_.FailNextCalls(1, absl::UnavailableError("starting"));
  EXPECT_THAT(client->CreateJob({}, ""),
              StatusIs(absl::StatusCode::kUnavailable, "starting"));
  EXPECT_EQ(server_.calls("CreateJob"), 1);
}

TEST_F(ClientTest, ErrorsKeepReasonAndMetadata) {
  const auto client = Connect();
  const auto job = client->GetJob("job-9");
  EXPECT_THAT(job, HasReason("JOB_NOT_FOUND"));
  EXPECT_EQ(GetErrorMetadata(job.status()).at("name"), "job job-9");
}

TEST_F(ClientTest, ListFollowsPages) {
  const auto client = Connect();
  for (int i = 1; i <= 8; ++i) {
    server_.AddJob(
        MakeJob("job-" + std::to_string(i),
                i % 2 ? v1::JOB_STATE_SUCCEEDED : v1::JOB_STATE_FAILED),
        {});
  }
  ASSERT_OK_AND_ASSIGN(const auto all, client->ListJobs(0));
  EXPECT_EQ(all.size(), 8);
  ASSERT_OK_AND_ASSIGN(const auto some, client->ListJobs(4));
  ASSERT_EQ(some.size(), 4);
  EXPECT_EQ(some[0].id(), "job-8");
  ASSERT_OK_AND_ASSIGN(const auto failed,
                       client->ListJobs(0, {v1::JOB_STATE_FAILED}));
  EXPECT_EQ(failed.size(), 4);
}

TEST_F(ClientTest, WatchSeesEveryEventOnceAcrossBreaks) {
  const auto client = Connect();
  server_.AddJob(
      MakeJob("job-1", v1::JOB_STATE_SUCCEEDED),
      {StateEvent(v1::JOB_STATE_QUEUED), LogEvent("a"), LogEvent("b"),
       LogEvent("c"), StateEvent(v1::JOB_STATE_SUCCEEDED)});
  server_.BreakStreams(2, 2);
  EXPECT_EQ(Watch(client.get(), "job-1", 0),
            (std::vector<int64_t>{1, 2, 3, 4, 5}));
  EXPECT_EQ(server_.calls("WatchJob"), 3);
  EXPECT_EQ(Watch(client.get(), "job-1", 3), (std::vector<int64_t>{4, 5}));
}

TEST_F(ClientTest, WatchAfterTheLastEventEnds) {
  const auto client = Connect();
  server_.AddJob(MakeJob("job-1", v1::JOB_STATE_SUCCEEDED),
                 {StateEvent(v1::JOB_STATE_SUCCEEDED)});
  EXPECT_TRUE(Watch(client.get(), "job-1", 1).empty());
}

TEST_F(ClientTest, WatchGivesUpWhenTheServerStaysAway) {
  Client::Options options;
  options.reconnect = absl::Milliseconds(300);
  const auto client = Connect(options);
  server_.FailNextCalls(1000, absl::UnavailableError("away"));
  EXPECT_THAT(
      client->WatchJob("job-1", 0, [](const v1::JobEvent&) { return true; }),
      StatusIs(absl::StatusCode::kUnavailable, "away"));
}

TEST_F(ClientTest, VisitorEndsTheWatch) {
  const auto client = Connect();
  server_.AddJob(MakeJob("job-1", v1::JOB_STATE_RUNNING),
                 {StateEvent(v1::JOB_STATE_RUNNING), LogEvent("a")});
  int events = 0;
  EXPECT_OK(client->WatchJob(
      "job-1", 0, [&](const v1::JobEvent&) { return ++events < 2; }));
  EXPECT_EQ(events, 2);
}

TEST_F(ClientTest, TokenCancelsARunningWatch) {
  CancelToken token;
  Client::Options options;
  options.cancel = &token;
  const auto client = Connect(options);
  server_.AddJob(MakeJob("job-1", v1::JOB_STATE_RUNNING),
                 {StateEvent(v1::JOB_STATE_RUNNING)});
  std::thread canceller([&] {
    absl::SleepFor(absl::Milliseconds(100));
    token.Cancel();
  });
  EXPECT_THAT(
      client->WatchJob("job-1", 0, [](const v1::JobEvent&) { return true; }),
      StatusIs(absl::StatusCode::kCancelled, ""));
  canceller.join();
  EXPECT_THAT(client->GetJob("job-1"),
              StatusIs(absl::StatusCode::kCancelled, ""));
}

TEST_F(ClientTest, DeadlineEndsAWatch) {
  Client::Options options;
  options.deadline = absl::Now() + absl::Milliseconds(200);
  const auto client = Connect(options);
  server_.AddJob(MakeJob("job-1", v1::JOB_STATE_RUNNING),
                 {StateEvent(v1::JOB_STATE_RUNNING)});
  EXPECT_THAT(
      client->WatchJob("job-1", 0, [](const v1::JobEvent&) { return true; }),
      StatusIs(absl::StatusCode::kDeadlineExceeded, ""));
}

TEST_F(ClientTest, WaitCancelDeleteRecordsAndInfo) {
  const auto client = Connect();
  server_.AddJob(MakeJob("job-1", v1::JOB_STATE_QUEUED), {});
  v1::LayerRecord record;
  record.set_layer("conv1");
  server_.AddRecord("job-1", record);
  v1::ServerInfo info;
  info.set_version("0.1.0");
  server_.SetInfo(info);

  ASSERT_OK_AND_ASSIGN(v1::Job job, client->CancelJob("job-1"));
  EXPECT_EQ(job.state(), v1::JOB_STATE_CANCELLED);
  ASSERT_OK_AND_ASSIGN(job, client->WaitJob("job-1"));
  EXPECT_EQ(job.state(), v1::JOB_STATE_CANCELLED);
  ASSERT_OK_AND_ASSIGN(const auto records, client->ListRecords("job-1"));
  ASSERT_EQ(records.size(), 1);
  EXPECT_EQ(records[0].layer(), "conv1");
  EXPECT_OK(client->DeleteJob("job-1"));
  EXPECT_THAT(client->DeleteJob("job-1"), HasReason("JOB_NOT_FOUND"));
  ASSERT_OK_AND_ASSIGN(const v1::ServerInfo found, client->GetServerInfo());
  EXPECT_EQ(found.version(), "0.1.0");
}

TEST(ClientWithoutServerTest, UnreachableIsUnavailable) {
  // Nobody listens on port 1 of the loopback interface.
  auto client = Client::Connect("127.0.0.1:1", {});
  ASSERT_OK(client);
  EXPECT_THAT((*client)->GetServerInfo(),
              StatusIs(absl::StatusCode::kUnavailable, ""));
}

}  // namespace
}  // namespace quantd
