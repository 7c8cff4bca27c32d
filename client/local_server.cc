#include "client/local_server.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "client/client.h"

namespace quantd {
namespace {

constexpr absl::Duration kStartTimeout = absl::Seconds(30);
constexpr absl::Duration kStopTimeout = absl::Seconds(15);
constexpr absl::Duration kPoll = absl::Milliseconds(20);
// sockaddr_un holds 107 bytes; "/quantd.sock" and a random part come on top.
constexpr size_t kMaxTemporaryRoot = 70;
constexpr size_t kLogTailBytes = 2000;

std::string RunningProgramDirectory() {
  std::error_code error;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", error);
  return error ? "." : program.parent_path().string();
}

absl::StatusOr<std::string> MakeTemporaryDirectory() {
  const char* root = std::getenv("TMPDIR");
  std::string path = root != nullptr && *root != '\0' ? root : "/tmp";
  if (path.size() > kMaxTemporaryRoot) path = "/tmp";
  path += "/quantd-local-XXXXXX";
  if (mkdtemp(&path[0]) == nullptr) {
    return Error(absl::StatusCode::kFailedPrecondition, "FILE_WRITE_FAILED",
                 absl::StrCat("cannot create the temporary directory ", path,
                              "; set TMPDIR to a directory you may write"),
                 {{"file", path}});
  }
  return path;
}

void RemoveTree(const std::string& path) {
  std::error_code ignored;
  std::filesystem::remove_all(path, ignored);
}

// Runs in the child between fork and exec: async-signal-safe calls only.
[[noreturn]] void ExecServer(char* const* arguments, int log_fd, pid_t parent) {
  // Own process group: Ctrl-C at the terminal is for quantctl, which stops us.
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (getppid() != parent) _exit(127);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  const int null_fd = open("/dev/null", O_RDONLY);
  dup2(null_fd, STDIN_FILENO);
  dup2(log_fd, STDOUT_FILENO);
  dup2(log_fd, STDERR_FILENO);
  execv(arguments[0], arguments);
  _exit(127);
}

absl::StatusOr<pid_t> Spawn(const ServerBinaries& binaries,
                            const std::string& directory) {
  std::vector<std::string> words = {
      binaries.quantd,
      absl::StrCat("--data_dir=", directory, "/data"),
      absl::StrCat("--listen=unix:", directory, "/quantd.sock"),
      "--http_listen=none",
      "--cpu_slots=1",
      absl::StrCat("--worker_binary=", binaries.quant_worker),
  };
  std::vector<char*> arguments;
  arguments.reserve(words.size() + 1);
  for (std::string& word : words) arguments.push_back(&word[0]);
  arguments.push_back(nullptr);
  const std::string log = directory + "/quantd.log";
  const int log_fd =
      open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (log_fd < 0) {
    return Error(absl::StatusCode::kFailedPrecondition, "FILE_WRITE_FAILED",
                 absl::StrCat("cannot write ", log, "; check the disk space"),
                 {{"file", log}});
  }
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid == 0) ExecServer(arguments.data(), log_fd, parent);
  close(log_fd);
  if (pid < 0) {
    return Error(absl::StatusCode::kInternal, "LOCAL_SERVER_FAILED",
                 "cannot start a process for quantd; check the process limit");
  }
  return pid;
}

std::string LogTail(const std::string& directory) {
  std::ifstream file(directory + "/quantd.log", std::ios::binary);
  const std::string log((std::istreambuf_iterator<char>(file)),
                        std::istreambuf_iterator<char>());
  return log.size() <= kLogTailBytes ? log
                                     : log.substr(log.size() - kLogTailBytes);
}

absl::Status Failed(absl::string_view what, const std::string& directory) {
  return Error(
      absl::StatusCode::kInternal, "LOCAL_SERVER_FAILED",
      absl::StrCat("the private quantd ", what, ": ", LogTail(directory)));
}

}  // namespace

absl::StatusOr<ServerBinaries> FindServerBinaries() {
  const std::string here = RunningProgramDirectory();
  std::vector<ServerBinaries> places;
  const char* configured = std::getenv("QUANTD_BINDIR");
  if (configured != nullptr && *configured != '\0') {
    const std::string directory = configured;
    places.push_back({directory + "/quantd", directory + "/quant_worker"});
  } else {
    places.push_back({here + "/quantd", here + "/quant_worker"});
    // bazel-bin/client/cli/quantctl.
    places.push_back({here + "/../../server/quantd",
                      here + "/../../server/worker/quant_worker"});
  }
  for (const ServerBinaries& place : places) {
    if (access(place.quantd.c_str(), X_OK) == 0 &&
        access(place.quant_worker.c_str(), X_OK) == 0) {
      return place;
    }
  }
  return Error(absl::StatusCode::kFailedPrecondition, "FILE_NOT_FOUND",
               absl::StrCat("--local needs the programs quantd and "
                            "quant_worker, which are not at ",
                            places[0].quantd,
                            "; set QUANTD_BINDIR to the directory that has "
                            "both"),
               {{"file", places[0].quantd}});
}

LocalServer::LocalServer(std::string directory, pid_t pid)
    : directory_(std::move(directory)),
      address_(absl::StrCat("unix:", directory_, "/quantd.sock")),
      pid_(pid) {}

LocalServer::~LocalServer() { Stop(); }

absl::StatusOr<std::unique_ptr<LocalServer>> LocalServer::Start(
    CancelToken* cancel) {
  ASSIGN_OR_RETURN(const ServerBinaries binaries, FindServerBinaries());
  ASSIGN_OR_RETURN(const std::string directory, MakeTemporaryDirectory());
  const auto pid = Spawn(binaries, directory);
  if (!pid.ok()) {
    RemoveTree(directory);
    return pid.status();
  }
  std::unique_ptr<LocalServer> server(new LocalServer(directory, *pid));
  RETURN_IF_ERROR(server->WaitUntilReady(cancel));
  return server;
}

absl::Status LocalServer::WaitUntilReady(CancelToken* cancel) {
  Client::Options options;
  options.call_timeout = absl::Seconds(2);
  options.cancel = cancel;
  const absl::Time give_up = absl::Now() + kStartTimeout;
  const std::string socket = directory_ + "/quantd.sock";
  while (absl::Now() < give_up) {
    if (Ended()) return Failed("stopped while it started", directory_);
    if (cancel != nullptr && cancel->cancelled()) {
      return absl::CancelledError("cancelled while quantd started");
    }
    if (access(socket.c_str(), F_OK) == 0) {
      ASSIGN_OR_RETURN(const auto client, Client::Connect(address_, options));
      if (client->GetServerInfo().ok()) return absl::OkStatus();
    }
    absl::SleepFor(kPoll);
  }
  return Failed("did not answer within 30 s", directory_);
}

bool LocalServer::Ended() {
  if (pid_ > 0 && waitpid(pid_, nullptr, WNOHANG) == pid_) pid_ = -1;
  return pid_ < 0;
}

void LocalServer::Stop() {
  if (!Ended()) {
    kill(pid_, SIGTERM);
    const absl::Time give_up = absl::Now() + kStopTimeout;
    while (!Ended() && absl::Now() < give_up) absl::SleepFor(kPoll);
    if (!Ended()) {
      kill(-pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
      pid_ = -1;
    }
  }
  RemoveTree(directory_);
}

}  // namespace quantd
