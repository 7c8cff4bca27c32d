// kill -9 in mid-job, of the worker and of the daemon: the job is done after
// the restart, by real binaries on a real store.

#include <signal.h>

#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/testing/subprocess.h"

namespace quantd::testing {
namespace {

// Long enough to be caught in the middle, and to be run three times.
constexpr char kSlowBatches[] =
    "QUANTD_FAILPOINTS=jobs/calibration_batch=sleep(300),"
    "jobs/training_iteration=sleep(100)";
constexpr char kBatches[] = "8";

class KillTest : public ::testing::Test {
 protected:
  void SetUp() override {
    // Short: a Unix socket's path has 107 characters at most.
    char pattern[] = "/tmp/quantd_kill.XXXXXX";
    const char* made = mkdtemp(pattern);
    ASSERT_NE(made, nullptr);
    directory_ = made;
    StartDaemon();
  }

  void TearDown() override {
    daemon_.reset();
    RunProgram({"/bin/rm", "-rf", directory_});
  }

  std::string address() const {
    return absl::StrCat("unix:", directory_, "/api.sock");
  }

  void StartDaemon() {
    daemon_ = std::make_unique<Subprocess>(
        std::vector<std::string>{
            Runfile("server/quantd"), "--data_dir", directory_ + "/data",
            "--listen", address(), "--http_listen", "none", "--cpu_slots", "1",
            "--worker_binary", Runfile("server/worker/quant_worker")},
        std::vector<std::string>{kSlowBatches});
    for (int i = 0; i < 200; ++i) {
      if (Quantctl({"server", "status"}).status == 0) return;
      absl::SleepFor(absl::Milliseconds(50));
    }
    FAIL() << "quantd does not answer: " << daemon_->err();
  }

  RunResult Quantctl(std::vector<std::string> args) {
    args.insert(args.begin(),
                {Runfile("client/cli/quantctl"), "--address", address()});
    return RunProgram(args, absl::Seconds(90));
  }

  // Submits DigitNet's calibration; the job's id.
  std::string Submit() {
    const std::string data = Runfile("tests/data/digits/");
    const RunResult result =
        Quantctl({"calibrate", "--model", data + "digitnet_deploy.prototxt",
                  "--weights", data + "digitnet.caffemodel", "--data",
                  data + "digits_calibration_lmdb", "--scale", "0.00390625",
                  "--batch-size", "4", "--batch-num", kBatches, "--detach",
                  "--out", directory_ + "/out"});
    EXPECT_EQ(result.status, 0) << result.err;
    return std::string(absl::StripAsciiWhitespace(result.out));
  }

  // Submits the training of LeNet; the job's id.
  std::string SubmitTraining() {
    const RunResult result = Quantctl(TrainWords());
    EXPECT_EQ(result.status, 0) << result.err;
    return std::string(absl::StripAsciiWhitespace(result.out));
  }

  // 30 iterations with a snapshot every 10th; dropout and random flips.
  std::vector<std::string> TrainWords() {
    const std::string data = Runfile("tests/data/digits/");
    const std::string net = directory_ + "/net.prototxt";
    const std::string solver = directory_ + "/solver.prototxt";
    std::ofstream(net) << absl::StrReplaceAll(
        R"(layer { name: 'data' type: 'Data' top: 'data' top: 'label'
             transform_param { scale: 0.0039 mirror: true }
             data_param { source: 'DATASET' batch_size: 30 backend: LMDB } }
           layer { name: 'drop' type: 'Dropout' bottom: 'data' top: 'drop' }
           layer { name: 'ip' type: 'InnerProduct' bottom: 'drop' top: 'ip'
             inner_product_param {
               num_output: 10 weight_filler { type: 'xavier' } } }
           layer { name: 'loss' type: 'SoftmaxWithLoss' bottom: 'ip'
             bottom: 'label' top: 'loss' })",
        {{"DATASET", data + "digits_calibration_lmdb"}});
    std::ofstream(solver) << "net: '" << net
                          << "' base_lr: 0.01 momentum: 0.9 lr_policy: 'inv' "
                             "gamma: 0.1 power: 0.5 max_iter: 30 snapshot: 10 "
                             "snapshot_prefix: 'net'";
    return {"train",   "--solver", solver, "--out", directory_ + "/trained",
            "--detach"};
  }

  // The job as the client prints it; an empty object if it cannot be read.
  nlohmann::json Job(const std::string& id) {
    const RunResult result = Quantctl({"job", "show", id, "-o", "json"});
    const auto job = nlohmann::json::parse(result.out, nullptr, false);
    return job.is_object() ? job : nlohmann::json::object();
  }

  static std::string Text(const nlohmann::json& json, const std::string& path) {
    return json.value(nlohmann::json::json_pointer(path), "");
  }

  // Waits until the job has done `done` units of `phase`.
  void WaitUntilRunning(const std::string& id,
                        const std::string& phase = "STATISTICS",
                        int64_t done = 0) {
    for (int i = 0; i < 400; ++i) {
      const nlohmann::json job = Job(id);
      if (Text(job, "/state") == "JOB_STATE_RUNNING" &&
          Text(job, "/progress/phase") == phase && Done(job) >= done) {
        return;
      }
      absl::SleepFor(absl::Milliseconds(25));
    }
    FAIL() << "the job never ran: " << Job(id).dump() << daemon_->err();
  }

  // 64-bit numbers are strings in JSON.
  static int64_t Done(const nlohmann::json& job) {
    int64_t done = 0;
    const bool found = absl::SimpleAtoi(Text(job, "/progress/done"), &done);
    return found ? done : 0;
  }

  // Bytes of an artifact of the job.
  std::string Fetch(const std::string& id, const std::string& name) {
    const std::string out = directory_ + "/" + id;
    const RunResult result =
        Quantctl({"artifact", "fetch", id, name, "--out", out});
    EXPECT_EQ(result.status, 0) << result.err;
    return ReadFile(out + "/" + name);
  }

  // The state after the job ended.
  nlohmann::json WaitUntilDone(const std::string& id) {
    Quantctl({"job", "watch", id, "--until=done", "--timeout=60s", "--quiet"});
    return Job(id);
  }

  std::string directory_;
  std::unique_ptr<Subprocess> daemon_;
};

TEST_F(KillTest, WorkerKilledInMidJobIsReplacedAndTheJobSucceeds) {
  const std::string id = Submit();
  WaitUntilRunning(id);
  const std::vector<pid_t> workers = ChildrenOf(daemon_->pid());
  ASSERT_EQ(workers.size(), 1u);
  kill(workers[0], SIGKILL);
  const nlohmann::json job = WaitUntilDone(id);
  EXPECT_EQ(Text(job, "/state"), "JOB_STATE_SUCCEEDED") << job.dump();
  EXPECT_EQ(job.value("attempt", 0), 2);
  EXPECT_GE(job.value("artifacts", nlohmann::json::array()).size(), 9u);
}

TEST_F(KillTest, DaemonKilledInMidJobComesBackAndTheJobSucceeds) {
  const std::string id = Submit();
  const std::string queued = Submit();
  WaitUntilRunning(id);
  const std::vector<pid_t> workers = ChildrenOf(daemon_->pid());
  daemon_->Signal(SIGKILL);
  EXPECT_EQ(daemon_->Wait(absl::Seconds(10)), 128 + SIGKILL);
  // The workers go with it.
  for (const pid_t worker : workers) {
    for (int i = 0; i < 100 && kill(worker, 0) == 0; ++i) {
      absl::SleepFor(absl::Milliseconds(20));
    }
    EXPECT_NE(kill(worker, 0), 0) << "worker " << worker << " still runs";
  }
  StartDaemon();
  nlohmann::json job = WaitUntilDone(id);
  EXPECT_EQ(Text(job, "/state"), "JOB_STATE_SUCCEEDED") << job.dump();
  EXPECT_EQ(job.value("attempt", 0), 2);
  job = WaitUntilDone(queued);
  EXPECT_EQ(Text(job, "/state"), "JOB_STATE_SUCCEEDED") << job.dump();
  EXPECT_EQ(job.value("attempt", 0), 1);
}

TEST_F(KillTest, PoisonJobFailsAfterThreeAttemptsAndTheNextOneRuns) {
  const std::string id = Submit();
  for (int attempt = 1; attempt <= 3; ++attempt) {
    WaitUntilRunning(id);
    for (const pid_t worker : ChildrenOf(daemon_->pid())) {
      kill(worker, SIGSEGV);
    }
    absl::SleepFor(absl::Milliseconds(300));
  }
  nlohmann::json job = WaitUntilDone(id);
  EXPECT_EQ(Text(job, "/state"), "JOB_STATE_FAILED") << job.dump();
  EXPECT_EQ(Text(job, "/error/reason"), "WORKER_CRASHED");
  job = WaitUntilDone(Submit());
  EXPECT_EQ(Text(job, "/state"), "JOB_STATE_SUCCEEDED") << job.dump();
}

TEST_F(KillTest, CancellationStopsTheWorkWithinTwoSeconds) {
  const std::string id = Submit();
  WaitUntilRunning(id);
  const absl::Time start = absl::Now();
  EXPECT_EQ(Quantctl({"job", "cancel", id}).status, 0);
  nlohmann::json job = WaitUntilDone(id);
  EXPECT_LT(absl::Now() - start, absl::Seconds(2.5));
  EXPECT_EQ(Text(job, "/state"), "JOB_STATE_CANCELLED") << job.dump();
  EXPECT_EQ(Text(job, "/error/reason"), "CANCELLED_BY_USER");
}

TEST_F(KillTest, TerminationIsCleanAndQueuedJobsComeBack) {
  const std::string id = Submit();
  WaitUntilRunning(id);
  daemon_->Signal(SIGTERM);
  EXPECT_EQ(daemon_->Wait(absl::Seconds(30)), 0);
  StartDaemon();
  const nlohmann::json job = WaitUntilDone(id);
  EXPECT_EQ(Text(job, "/state"), "JOB_STATE_SUCCEEDED") << job.dump();
}

TEST_F(KillTest, TrainingGoesOnWhereItWasStoppedAndEndsInTheSameBytes) {
  const std::string whole = SubmitTraining();
  EXPECT_EQ(Text(WaitUntilDone(whole), "/state"), "JOB_STATE_SUCCEEDED");
  const std::string id = SubmitTraining();
  WaitUntilRunning(id, "TRAIN", 3);
  daemon_->Signal(SIGTERM);
  EXPECT_EQ(daemon_->Wait(absl::Seconds(30)), 0);
  StartDaemon();
  // A snapshot between those that are due.
  const RunResult files = Quantctl({"artifact", "list", id});
  EXPECT_TRUE(absl::StrContains(files.out, ".solverstate")) << files.out;
  EXPECT_FALSE(absl::StrContains(files.out, "net_iter_30")) << files.out;
  WaitUntilRunning(id, "TRAIN", 22);
  // Now without a warning: it goes on from the 20th.
  for (const pid_t worker : ChildrenOf(daemon_->pid())) kill(worker, SIGKILL);
  const nlohmann::json job = WaitUntilDone(id);
  EXPECT_EQ(Text(job, "/state"), "JOB_STATE_SUCCEEDED") << job.dump();
  EXPECT_EQ(job.value("attempt", 0), 3);
  for (const char* name :
       {"net_iter_30.caffemodel", "net_iter_30.solverstate"}) {
    EXPECT_EQ(Fetch(id, name), Fetch(whole, name)) << name;
  }
}

}  // namespace
}  // namespace quantd::testing
