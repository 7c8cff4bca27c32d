// A fork and exec with everything that a worker must and must not inherit.
#ifndef QUANTD_SERVER_LAUNCHER_CHILD_PROCESS_H_
#define QUANTD_SERVER_LAUNCHER_CHILD_PROCESS_H_

#include <sys/types.h>

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace quantd::launcher {

struct ChildProcess {
  pid_t pid = 0;
  // Reads what it writes to stdout and stderr; the caller closes it.
  int output_fd = -1;
};

// Starts argv[0], a path, in a process group of its own; `environment` entries
// ("NAME=value") replace those of this process. The child dies when the calling
// thread ends. An exec that fails shows as exit status 127.
// Errors: RESOURCE_EXHAUSTED, PROCESS_LIMIT when fork or pipe fail.
absl::StatusOr<ChildProcess> StartChild(
    const std::vector<std::string>& argv,
    const std::vector<std::string>& environment);

}  // namespace quantd::launcher

#endif  // QUANTD_SERVER_LAUNCHER_CHILD_PROCESS_H_
