// quantd: the daemon. See --help.

#include <signal.h>
#include <time.h>

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/logging.h"
#include "server/daemon.h"
#include "server/quantd_options.h"

namespace quantd {
namespace {

constexpr int kExitUsage = 2;
constexpr long kTickNanos = 100 * 1000 * 1000;

// SIGTERM and SIGINT wait for sigtimedwait, in every thread to come.
sigset_t BlockSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
  return signals;
}

int Main(const std::vector<std::string>& argv) {
  const absl::StatusOr<QuantdOptions> options = ParseQuantdOptions(argv);
  if (!options.ok()) {
    fprintf(stderr, "error: %s\n",
            std::string(options.status().message()).c_str());
    return kExitUsage;
  }
  if (options->help) {
    fputs(QuantdHelp().c_str(), stdout);
    return 0;
  }
  if (const absl::Status status =
          ConfigureLogging(options->log_level, options->log_format);
      !status.ok()) {
    fprintf(stderr, "error: %s\n", std::string(status.message()).c_str());
    return kExitUsage;
  }
  const sigset_t signals = BlockSignals();
  absl::StatusOr<std::unique_ptr<Daemon>> daemon = Daemon::Start(*options);
  if (!daemon.ok()) {
    LogError("cannot start", {{"error", daemon.status()}});
    return 1;
  }
  LogInfo("serving", {{"address", (*daemon)->address()},
                      {"http_port", (*daemon)->http_port()},
                      {"data_dir", options->data_dir},
                      {"version", Daemon::kVersion}});
  const timespec tick = {0, kTickNanos};
  while (sigtimedwait(&signals, nullptr, &tick) < 0) (*daemon)->Tick();
  LogInfo("shutting down");
  // A second signal ends it at once.
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
  (*daemon)->Shutdown();
  daemon->reset();
  LogInfo("stopped");
  return 0;
}

}  // namespace
}  // namespace quantd

int main(int argc, char** argv) {
  return quantd::Main(std::vector<std::string>(argv, argv + argc));
}
