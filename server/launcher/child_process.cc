#include "server/launcher/child_process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/error.h"

extern char** environ;

namespace quantd::launcher {
namespace {

absl::Status SystemError(const char* call) {
  return Error(
      absl::StatusCode::kResourceExhausted, "PROCESS_LIMIT",
      absl::StrCat("cannot start a worker: ", call, ": ", strerror(errno),
                   "; raise the limits of processes and files"),
      {{"call", call}});
}

std::vector<char*> Pointers(const std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  pointers.reserve(strings.size() + 1);
  for (const std::string& text : strings) {
    pointers.push_back(const_cast<char*>(text.c_str()));
  }
  pointers.push_back(nullptr);
  return pointers;
}

// This process's environment with `changes` on top.
std::vector<std::string> MergeEnvironment(
    const std::vector<std::string>& changes) {
  std::vector<std::string> merged = changes;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    const std::string name = text.substr(0, text.find('=') + 1);
    bool replaced = false;
    for (const std::string& change : changes) {
      replaced |= change.compare(0, name.size(), name) == 0;
    }
    if (!replaced) merged.push_back(text);
  }
  return merged;
}

// After fork, in the child: only async-signal-safe calls.
[[noreturn]] void RunChild(pid_t parent, int output_fd, char* const* argv,
                           char* const* environment) {
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(127);  // It died before the line above.
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  const struct rlimit no_core = {0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  const int null_fd = open("/dev/null", O_RDONLY);
  dup2(null_fd, STDIN_FILENO);
  dup2(output_fd, STDOUT_FILENO);
  dup2(output_fd, STDERR_FILENO);
  syscall(SYS_close_range, 3u, ~0u, 0u);
  for (int signal_number = 1; signal_number < 32; ++signal_number) {
    signal(signal_number, SIG_DFL);
  }
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  execve(argv[0], argv, environment);
  _exit(127);
}

}  // namespace

absl::StatusOr<ChildProcess> StartChild(
    const std::vector<std::string>& argv,
    const std::vector<std::string>& environment) {
  const std::vector<std::string> merged = MergeEnvironment(environment);
  const std::vector<char*> argv_pointers = Pointers(argv);
  const std::vector<char*> environment_pointers = Pointers(merged);
  int fds[2];
  if (pipe2(fds, O_CLOEXEC) != 0) return SystemError("pipe2");
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid == 0) {
    RunChild(parent, fds[1], argv_pointers.data(), environment_pointers.data());
  }
  close(fds[1]);
  if (pid < 0) {
    const absl::Status status = SystemError("fork");
    close(fds[0]);
    return status;
  }
  setpgid(pid, pid);  // Whoever is first; a Kill must reach the group.
  return ChildProcess{pid, fds[0]};
}

}  // namespace quantd::launcher
