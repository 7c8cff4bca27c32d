// quant_worker: runs one job after the other for a slot of quantd.
//
//   quant_worker --server=unix:/path/worker.sock --slot_id=cpu-0

#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <atomic>
#include <optional>
#include <string>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "base/heap.h"
#include "base/logging.h"
#include "engine/jobs/job.h"
#include "server/worker/attempt_runner.h"
#include "server/worker/worker_client.h"

ABSL_FLAG(std::string, server, "", "Address of quantd: unix:PATH. Required.");
ABSL_FLAG(std::string, slot_id, "", "The slot that this process serves.");

namespace quantd::worker {
namespace {

// Without an answer from quantd for so long, it is gone.
constexpr absl::Duration kGiveUp = absl::Seconds(10);
constexpr absl::Duration kPause = absl::Milliseconds(200);

std::atomic<bool> busy{false};
std::atomic<bool> stopping{false};

// SIGTERM: a running attempt may finish, and then no other begins.
void OnTerminate(int) {
  if (!busy) _exit(0);
  stopping = true;
}

int Main() {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  struct sigaction action = {};
  action.sa_handler = &OnTerminate;
  sigaction(SIGTERM, &action, nullptr);
  WorkerClient client(absl::GetFlag(FLAGS_server));
  v1::LeaseRequest request;
  request.set_slot_id(absl::GetFlag(FLAGS_slot_id));
  request.set_pid(getpid());
  for (const auto& [name, version] : EngineLibraries()) {
    (*request.mutable_libraries())[name] = version;
  }
  absl::Time last_answer = absl::Now();
  while (!stopping) {
    const absl::StatusOr<std::optional<v1::Attempt>> attempt =
        client.Lease(request);
    if (!attempt.ok()) {
      if (absl::Now() - last_answer > kGiveUp) {
        LogError("no answer from quantd, ending",
                 {{"error", attempt.status()}});
        return 1;
      }
      absl::SleepFor(kPause);
      continue;
    }
    last_answer = absl::Now();
    if (!attempt->has_value()) {
      absl::SleepFor(absl::Milliseconds(1));
      continue;
    }
    busy = true;
    const absl::Status status = RunAttempt(**attempt, stopping, &client);
    TrimHeap();
    busy = false;
    if (!status.ok()) {
      LogError("attempt not committed",
               {{"job_id", (*attempt)->job_id()}, {"error", status}});
      return 1;
    }
    last_answer = absl::Now();
  }
  return 0;
}

}  // namespace
}  // namespace quantd::worker

int main(int argc, char** argv) {
  absl::ParseCommandLine(argc, argv);
  if (absl::GetFlag(FLAGS_server).empty()) {
    quantd::LogError("--server is missing; quantd starts this program");
    return 2;
  }
  quantd::ReturnLargeBuffers();
  return quantd::worker::Main();
}
