// How a worker process ended.
#ifndef QUANTD_SERVER_JOBS_WORKER_EXIT_H_
#define QUANTD_SERVER_JOBS_WORKER_EXIT_H_

#include <sys/types.h>

namespace quantd::jobs {

struct WorkerExit {
  pid_t pid = 0;
  // Of waitpid: one of the two; signal 0: it exited by itself.
  int signal = 0;
  int exit_code = 0;
};

}  // namespace quantd::jobs

#endif  // QUANTD_SERVER_JOBS_WORKER_EXIT_H_
