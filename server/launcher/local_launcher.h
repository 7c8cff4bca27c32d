// Workers as local processes: started, followed, restarted.
// Not here: what a worker does, and what its end means for a job (server/jobs).
#ifndef QUANTD_SERVER_LAUNCHER_LOCAL_LAUNCHER_H_
#define QUANTD_SERVER_LAUNCHER_LOCAL_LAUNCHER_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "server/jobs/worker_exit.h"

namespace quantd::launcher {

// One process per slot, for as long as this runs. Each is a process group of
// its own, dies with quantd (PR_SET_PDEATHSIG), writes no core file, gains no
// privileges, inherits no file descriptors, and has OMP_NUM_THREADS and
// GOMP_SPINCOUNT set. Its lines on stdout and stderr go to the log. After its
// end the rest of its group is killed, the slot waits (0.1 s, doubling to 5 s
// while processes live for less than 10 s) and starts the next.
//
// Threads: safe; one thread per slot inside. Callbacks run in those threads.
// Call order: construct, Start, any number of Kill, Stop.
class LocalLauncher {
 public:
  struct Slot {
    std::string id;
    int num_threads = 1;
  };
  struct Options {
    std::string worker_binary;
    // Passed on as --server.
    std::string server_address;
    std::vector<Slot> slots;
    // Right after the fork, and after the process was reaped.
    std::function<void(const std::string& slot_id, pid_t pid)> on_started;
    std::function<void(const std::string& slot_id, const jobs::WorkerExit&)>
        on_exited;
    absl::Duration first_backoff = absl::Milliseconds(100);
    absl::Duration max_backoff = absl::Seconds(5);
    absl::Duration long_life = absl::Seconds(10);
  };

  explicit LocalLauncher(Options options);
  // Stops without grace.
  ~LocalLauncher();
  LocalLauncher(const LocalLauncher&) = delete;
  LocalLauncher& operator=(const LocalLauncher&) = delete;

  // Errors: NOT_FOUND, WORKER_BINARY_NOT_FOUND if it is not there or not
  // executable.
  absl::Status Start();

  // SIGKILL for the slot's process group; nothing if none runs.
  void Kill(const std::string& slot_id);

  // SIGTERM for all, SIGKILL after `grace`; returns when all are reaped.
  void Stop(absl::Duration grace);

 private:
  class SlotRunner;

  const Options options_;
  std::vector<std::unique_ptr<SlotRunner>> runners_;
};

// "quant_worker" in the directory of this program's own file.
std::string DefaultWorkerBinary();

}  // namespace quantd::launcher

#endif  // QUANTD_SERVER_LAUNCHER_LOCAL_LAUNCHER_H_
