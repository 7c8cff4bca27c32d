#include "server/launcher/local_launcher.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/error.h"
#include "base/logging.h"
#include "server/launcher/child_process.h"
#include "server/launcher/output_reader.h"

namespace quantd::launcher {

// The thread of one slot, which also is the parent of its processes.
class LocalLauncher::SlotRunner {
 public:
  SlotRunner(const Options& options, const Slot& slot)
      : options_(options), slot_(slot), thread_([this] { Run(); }) {}
  ~SlotRunner() {
    Stop();
    Signal(SIGKILL);
    thread_.join();
  }

  const std::string& slot_id() const { return slot_.id; }

  // No process is started any more.
  void Stop() {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }

  // To the process group, if one runs.
  void Signal(int signal) {
    absl::MutexLock lock(&mutex_);
    if (pid_ > 0) kill(-pid_, signal);
  }

  // True when no process is left, at the latest after `timeout`.
  bool WaitUntilDone(absl::Duration timeout) {
    absl::MutexLock lock(&mutex_);
    return mutex_.AwaitWithTimeout(absl::Condition(&done_), timeout);
  }

 private:
  void Run() {
    absl::Duration backoff = options_.first_backoff;
    while (true) {
      const absl::Time start = absl::Now();
      if (!RunOnce()) break;
      backoff = absl::Now() - start >= options_.long_life
                    ? options_.first_backoff
                    : backoff;
      {
        absl::MutexLock lock(&mutex_);
        if (mutex_.AwaitWithTimeout(absl::Condition(&stopping_), backoff)) {
          break;
        }
      }
      backoff = std::min(backoff * 2, options_.max_backoff);
    }
    absl::MutexLock lock(&mutex_);
    done_ = true;
  }

  // One process from start to end; false when stopping.
  bool RunOnce() {
    absl::StatusOr<ChildProcess> child;
    {
      absl::MutexLock lock(&mutex_);
      if (stopping_) return false;
      child = StartChild(
          {options_.worker_binary, "--server=" + options_.server_address,
           "--slot_id=" + slot_.id},
          // Threads that wait spin for some 10 us only: others need the cores.
          {absl::StrCat("OMP_NUM_THREADS=", slot_.num_threads),
           "GOMP_SPINCOUNT=3000"});
      if (child.ok()) pid_ = child->pid;
    }
    if (!child.ok()) {
      LogError("worker not started",
               {{"slot", slot_.id}, {"error", child.status()}});
      return true;
    }
    LogDebug("worker started", {{"slot", slot_.id}, {"pid", child->pid}});
    options_.on_started(slot_.id, child->pid);
    jobs::WorkerExit exit;
    {
      OutputReader reader(child->output_fd, [this](const std::string& line) {
        LogInfo(line, {{"slot", slot_.id}});
      });
      exit = Reap(child->pid);
    }
    LogInfo("worker ended", {{"slot", slot_.id},
                             {"pid", exit.pid},
                             {"signal", exit.signal},
                             {"status", exit.exit_code}});
    options_.on_exited(slot_.id, exit);
    return true;
  }

  // Waits for the end of `pid` and of its group.
  jobs::WorkerExit Reap(pid_t pid) {
    siginfo_t unused = {};
    // Leaves it a zombie: its number is not given away before pid_ is cleared.
    while (waitid(P_PID, pid, &unused, WEXITED | WNOWAIT) != 0 &&
           errno == EINTR) {
    }
    absl::MutexLock lock(&mutex_);
    kill(-pid, SIGKILL);
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = 0;
    jobs::WorkerExit exit;
    exit.pid = pid;
    exit.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    exit.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
    return exit;
  }

  const Options& options_;
  const Slot slot_;
  absl::Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  bool done_ ABSL_GUARDED_BY(mutex_) = false;
  pid_t pid_ ABSL_GUARDED_BY(mutex_) = 0;
  std::thread thread_;  // Last: it uses the others.
};

LocalLauncher::LocalLauncher(Options options) : options_(std::move(options)) {}

LocalLauncher::~LocalLauncher() { Stop(absl::ZeroDuration()); }

absl::Status LocalLauncher::Start() {
  if (access(options_.worker_binary.c_str(), X_OK) != 0) {
    return Error(
        absl::StatusCode::kNotFound, "WORKER_BINARY_NOT_FOUND",
        absl::StrCat("no executable worker program at ", options_.worker_binary,
                     "; name it with --worker_binary"),
        {{"file", options_.worker_binary}});
  }
  for (const Slot& slot : options_.slots) {
    runners_.push_back(std::make_unique<SlotRunner>(options_, slot));
  }
  return absl::OkStatus();
}

void LocalLauncher::Kill(const std::string& slot_id) {
  for (const auto& runner : runners_) {
    if (runner->slot_id() == slot_id) runner->Signal(SIGKILL);
  }
}

void LocalLauncher::Stop(absl::Duration grace) {
  for (const auto& runner : runners_) {
    runner->Stop();
    runner->Signal(SIGTERM);
  }
  const absl::Time deadline = absl::Now() + grace;
  for (const auto& runner : runners_) {
    runner->WaitUntilDone(
        std::max(deadline - absl::Now(), absl::ZeroDuration()));
  }
  runners_.clear();
}

std::string DefaultWorkerBinary() {
  char path[4096];
  const ssize_t size = readlink("/proc/self/exe", path, sizeof(path) - 1);
  if (size <= 0) return "quant_worker";
  const std::string self(path, size);
  return self.substr(0, self.rfind('/') + 1) + "quant_worker";
}

}  // namespace quantd::launcher
