#include "tests/testing/subprocess.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace quantd::testing {
namespace {

std::string Env(const char* name, const std::string& fallback) {
  const char* value = getenv(name);
  return value == nullptr ? fallback : value;
}

std::string TempRoot() { return Env("TEST_TMPDIR", "/tmp"); }

}  // namespace

std::string Runfile(const std::string& path) {
  const std::string root = Env("TEST_SRCDIR", ".");
  return absl::StrCat(root, "/", Env("TEST_WORKSPACE", "quantd"), "/", path);
}

std::string FreshDirectory(const std::string& name) {
  std::string pattern = absl::StrCat(TempRoot(), "/", name, ".XXXXXX");
  const char* made = mkdtemp(pattern.data());
  return made == nullptr ? std::string() : std::string(made);
}

std::string ReadFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

Subprocess::Subprocess(const std::vector<std::string>& argv,
                       const std::vector<std::string>& environment) {
  static std::atomic<int> counter{0};
  const std::string base =
      absl::StrCat(TempRoot(), "/subprocess.", getpid(), ".", ++counter);
  out_path_ = base + ".out";
  err_path_ = base + ".err";
  std::vector<char*> args;
  args.reserve(argv.size() + 1);
  for (const std::string& arg : argv) {
    args.push_back(const_cast<char*>(arg.c_str()));
  }
  args.push_back(nullptr);
  pid_ = fork();
  if (pid_ != 0) return;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  const int flags = O_WRONLY | O_CREAT | O_TRUNC;
  dup2(open(out_path_.c_str(), flags, 0600), STDOUT_FILENO);
  dup2(open(err_path_.c_str(), flags, 0600), STDERR_FILENO);
  dup2(open("/dev/null", O_RDONLY), STDIN_FILENO);
  for (const std::string& entry : environment) {
    putenv(const_cast<char*>(entry.c_str()));
  }
  execv(args[0], args.data());
  _exit(127);
}

Subprocess::~Subprocess() {
  if (!Running()) return;
  Signal(SIGKILL);
  Wait(absl::Seconds(10));
}

void Subprocess::Signal(int signal) {
  if (pid_ > 0 && status_ < 0) kill(pid_, signal);
}

bool Subprocess::Running() {
  return pid_ > 0 && Wait(absl::ZeroDuration()) < 0;
}

int Subprocess::Wait(absl::Duration timeout) {
  const absl::Time deadline = absl::Now() + timeout;
  while (status_ < 0) {
    int raw = 0;
    const pid_t ended = waitpid(pid_, &raw, WNOHANG);
    if (ended == pid_) {
      status_ = WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw);
      break;
    }
    if (ended < 0 || absl::Now() >= deadline) break;
    absl::SleepFor(absl::Milliseconds(10));
  }
  return status_;
}

RunResult RunProgram(const std::vector<std::string>& argv,
                     absl::Duration timeout,
                     const std::vector<std::string>& environment) {
  Subprocess process(argv, environment);
  RunResult result;
  result.status = process.Wait(timeout);
  result.out = process.out();
  result.err = process.err();
  return result;
}

std::vector<pid_t> ChildrenOf(pid_t parent) {
  std::vector<pid_t> children;
  DIR* proc = opendir("/proc");
  if (proc == nullptr) return children;
  while (const dirent* entry = readdir(proc)) {
    int pid = 0;
    if (!absl::SimpleAtoi(entry->d_name, &pid)) continue;
    // "pid (name) state ppid ...": the name may hold spaces.
    const std::string stat = ReadFile(absl::StrCat("/proc/", pid, "/stat"));
    const size_t close = stat.rfind(')');
    if (close == std::string::npos) continue;
    std::istringstream rest(stat.substr(close + 1));
    char state = 0;
    pid_t its_parent = 0;
    rest >> state >> its_parent;
    if (its_parent == parent && state != 'Z') children.push_back(pid);
  }
  closedir(proc);
  return children;
}

}  // namespace quantd::testing
