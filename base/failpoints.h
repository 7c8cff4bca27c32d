// Named places where a test can kill the process, fail an operation or wait.
// Off, one costs a relaxed atomic load.
//
// Switched on by SetFailpoint, or at start by the environment:
//   QUANTD_FAILPOINTS="storage/before_put=kill,storage/blob_rename=error:2"
#ifndef QUANTD_BASE_FAILPOINTS_H_
#define QUANTD_BASE_FAILPOINTS_H_

#include <atomic>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace quantd {

// One named place; a static object made by the macro below.
class Failpoint {
 public:
  // `name`: FOLDER/WHAT, must outlive this.
  explicit Failpoint(const char* name);

  // Does what is configured. An error only for the action "error".
  absl::Status Hit() {
    if (!armed_.load(std::memory_order_relaxed)) return absl::OkStatus();
    return HitSlow();
  }

 private:
  friend class FailpointRegistry;
  absl::Status HitSlow();

  const char* const name_;
  std::atomic<bool> armed_{false};
};

// Sets what failpoint `name` does from now on; also before its first use.
// action: "off"; "kill" (_exit(42) at once, nothing flushed); "abort"; "error"
// (INTERNAL, FAILPOINT); "full" (RESOURCE_EXHAUSTED, DISK_FULL); "sleep(MS)".
// ":N" behind it: only from the N-th hit on, counted from now, N >= 1.
// Errors: INVALID_ARGUMENT.
absl::Status SetFailpoint(absl::string_view name, absl::string_view action);

// "a=kill,b=error:3"; the syntax of QUANTD_FAILPOINTS.
absl::Status SetFailpoints(absl::string_view list);

// All off.
void ClearFailpoints();

// Names of all failpoints linked into this program, reached or not, sorted.
std::vector<std::string> ListFailpoints();

// Exit status of the action "kill".
inline constexpr int kFailpointExitCode = 42;

}  // namespace quantd

// Inside a function that returns absl::Status or StatusOr, in a .cc file: dies,
// waits, or returns the error, if failpoint `name` (a literal) is on.
#define QUANTD_FAILPOINT(name)                                              \
  do {                                                                      \
    __attribute__((                                                         \
        used,                                                               \
        section("quantd_failpoints"))) static const char* _failpoint_name = \
        (name);                                                             \
    static ::quantd::Failpoint _failpoint(_failpoint_name);                 \
    if (absl::Status _hit = _failpoint.Hit(); !_hit.ok()) return _hit;      \
  } while (false)

#endif  // QUANTD_BASE_FAILPOINTS_H_
