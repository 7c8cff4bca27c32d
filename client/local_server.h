// A private quantd for one command: `quantctl --local`.
// Not here: talking to it (client.h).
#ifndef QUANTD_CLIENT_LOCAL_SERVER_H_
#define QUANTD_CLIENT_LOCAL_SERVER_H_

#include <sys/types.h>

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "client/cancel_token.h"

namespace quantd {

// The quantd and quant_worker of this installation.
struct ServerBinaries {
  std::string quantd;
  std::string quant_worker;
};

// Looks in $QUANTD_BINDIR, then beside the running program, then where a Bazel
// build puts them relative to it.
// Errors: FAILED_PRECONDITION, FILE_NOT_FOUND, naming where it looked.
absl::StatusOr<ServerBinaries> FindServerBinaries();

// A quantd with one CPU slot on a Unix socket in a new temporary directory.
//
// Ownership: owns the process and the directory; the destructor stops the one
//   and removes the other. Should this process die, the kernel stops quantd.
// Threads: compatible. Start it from a thread that lives as long as it: the
//   kernel's signal hangs on that.
class LocalServer {
 public:
  // Returns when the server answers. cancel: may be null; ends the wait.
  // Errors: those of FindServerBinaries; INTERNAL, LOCAL_SERVER_FAILED with
  // the end of the server's log when it stops or does not answer within 30 s.
  static absl::StatusOr<std::unique_ptr<LocalServer>> Start(
      CancelToken* cancel = nullptr);

  ~LocalServer();
  LocalServer(const LocalServer&) = delete;
  LocalServer& operator=(const LocalServer&) = delete;

  // "unix:...".
  const std::string& address() const { return address_; }
  const std::string& directory() const { return directory_; }

  // Asks quantd to stop, kills it after 15 s, removes the directory.
  // Idempotent.
  void Stop();

 private:
  LocalServer(std::string directory, pid_t pid);

  absl::Status WaitUntilReady(CancelToken* cancel);
  // True when the process has ended; reaps it.
  bool Ended();

  const std::string directory_;
  const std::string address_;
  pid_t pid_;  // -1: reaped.
};

}  // namespace quantd

#endif  // QUANTD_CLIENT_LOCAL_SERVER_H_
