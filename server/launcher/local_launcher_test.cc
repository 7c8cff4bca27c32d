#include "server/launcher/local_launcher.h"

#include <signal.h>
#include <sys/stat.h>

#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "base/random_id.h"
#include "base/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace quantd::launcher {
namespace {

using ::quantd::testing::HasReason;

// A worker in a few lines of shell.
class LocalLauncherTest : public ::testing::Test {
 protected:
  LocalLauncher::Options Worker(const std::string& script) {
    path_ = TempPath("worker");
    std::ofstream(path_) << "#!/bin/sh\n" << script;
    chmod(path_.c_str(), 0700);
    LocalLauncher::Options options;
    options.worker_binary = path_;
    options.server_address = "unix:/nowhere";
    options.slots = {{"cpu-0", 3}};
    options.first_backoff = absl::Milliseconds(5);
    options.on_started = [this](const std::string&, pid_t pid) {
      absl::MutexLock lock(&mutex_);
      started_.push_back(pid);
    };
    options.on_exited = [this](const std::string&,
                               const jobs::WorkerExit& exit) {
      absl::MutexLock lock(&mutex_);
      exits_.push_back(exit);
    };
    return options;
  }

  static std::string TempPath(const std::string& name) {
    const char* const base = std::getenv("TEST_TMPDIR");
    return std::string(base == nullptr ? "/tmp" : base) + "/" + RandomId(name);
  }

  // False if fewer processes than `count` started or ended within 10 s.
  bool AwaitStarts(size_t count) { return AwaitSize(started_, count); }
  bool AwaitExits(size_t count) { return AwaitSize(exits_, count); }
  template <typename T>
  bool AwaitSize(const std::vector<T>& list, size_t count) {
    for (int i = 0; i < 1000; ++i) {
      {
        absl::MutexLock lock(&mutex_);
        if (list.size() >= count) return true;
      }
      absl::SleepFor(absl::Milliseconds(10));
    }
    return false;
  }
  static bool AwaitFile(const std::string& path) {
    for (int i = 0; i < 1000; ++i) {
      if (std::ifstream(path).good()) return true;
      absl::SleepFor(absl::Milliseconds(10));
    }
    return false;
  }
  // True once `pid` is gone, at the latest after 5 s.
  static bool AwaitDeath(pid_t pid) {
    for (int i = 0; i < 500; ++i) {
      if (kill(pid, 0) != 0) return true;
      absl::SleepFor(absl::Milliseconds(10));
    }
    return false;
  }

  std::string path_;
  absl::Mutex mutex_;
  std::vector<pid_t> started_;
  std::vector<jobs::WorkerExit> exits_;
};

TEST_F(LocalLauncherTest, AMissingProgramIsNamed) {
  LocalLauncher::Options options = Worker("");
  options.worker_binary = "/nowhere/quant_worker";
  LocalLauncher launcher(options);
  EXPECT_THAT(launcher.Start(), HasReason("WORKER_BINARY_NOT_FOUND"));
}

TEST_F(LocalLauncherTest, ExitStatusAndSignalAreReported) {
  LocalLauncher launcher(Worker("exit 3\n"));
  ASSERT_OK(launcher.Start());
  ASSERT_TRUE(AwaitExits(2));  // And it is started again.
  launcher.Stop(absl::ZeroDuration());
  EXPECT_EQ(exits_[0].exit_code, 3);
  EXPECT_EQ(exits_[0].signal, 0);
  EXPECT_EQ(exits_[0].pid, started_[0]);
  EXPECT_NE(started_[0], started_[1]);
}

TEST_F(LocalLauncherTest, KillEndsTheWholeGroup) {
  const std::string child_file = TempPath("child");
  LocalLauncher launcher(Worker("sleep 1000 &\necho $! > " + child_file +
                                ".tmp\nmv " + child_file + ".tmp " +
                                child_file + "\nwait\n"));
  ASSERT_OK(launcher.Start());
  ASSERT_TRUE(AwaitFile(child_file));
  pid_t child = 0;
  std::ifstream(child_file) >> child;
  ASSERT_GT(child, 0);
  launcher.Kill("cpu-0");
  ASSERT_TRUE(AwaitExits(1));
  EXPECT_EQ(exits_[0].signal, SIGKILL);
  launcher.Stop(absl::ZeroDuration());
  EXPECT_TRUE(AwaitDeath(child));
}

TEST_F(LocalLauncherTest, ArgumentsAndEnvironmentArrive) {
  const std::string out = TempPath("out");
  LocalLauncher launcher(Worker("echo \"$*\" $OMP_NUM_THREADS $(ulimit -c) > " +
                                out + ".tmp; mv " + out + ".tmp " + out +
                                "; sleep 1000\n"));
  ASSERT_OK(launcher.Start());
  ASSERT_TRUE(AwaitFile(out));
  std::string line;
  std::ifstream file(out);
  std::getline(file, line);
  EXPECT_EQ(line, "--server=unix:/nowhere --slot_id=cpu-0 3 0");
}

TEST_F(LocalLauncherTest, StopWaitsForAPoliteWorker) {
  const std::string ready = TempPath("ready");
  LocalLauncher launcher(Worker("trap 'exit 9' TERM\ntouch " + ready +
                                "\nwhile true; do sleep 0.01; done\n"));
  ASSERT_OK(launcher.Start());
  ASSERT_TRUE(AwaitFile(ready));
  launcher.Stop(absl::Seconds(10));
  ASSERT_EQ(exits_.size(), 1u);
  EXPECT_EQ(exits_[0].exit_code, 9);
}

TEST_F(LocalLauncherTest, StopKillsARudeWorker) {
  const std::string ready = TempPath("ready");
  LocalLauncher launcher(Worker("trap '' TERM\ntouch " + ready +
                                "\nwhile true; do sleep 0.01; done\n"));
  ASSERT_OK(launcher.Start());
  ASSERT_TRUE(AwaitFile(ready));
  launcher.Stop(absl::Milliseconds(50));
  ASSERT_EQ(exits_.size(), 1u);
  EXPECT_EQ(exits_[0].signal, SIGKILL);
}

}  // namespace
}  // namespace quantd::launcher
