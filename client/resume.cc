#include "client/resume.h"

#include "absl/time/clock.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "client/retry.h"

namespace quantd {
namespace {

constexpr int kMaxFailures = 4;

bool CanGoOn(const absl::Status& status) {
  return absl::IsUnavailable(status) ||
         ErrorReason(status) == "OFFSET_OUT_OF_RANGE";
}

}  // namespace

absl::Status ResumeUntilDone(
    CancelToken* token,
    absl::FunctionRef<absl::StatusOr<TransferPosition>()> position,
    absl::FunctionRef<absl::Status(int64_t offset)> transfer) {
  int64_t last_offset = -1;
  for (int failures = 0;;) {
    ASSIGN_OR_RETURN(const TransferPosition now, position());
    if (now.complete) return absl::OkStatus();
    if (now.offset > last_offset) failures = 0;
    last_offset = now.offset;
    const absl::Status status = transfer(now.offset);
    if (status.ok() || !CanGoOn(status)) return status;
    if (++failures == kMaxFailures) return status;
    if (token == nullptr) {
      absl::SleepFor(RetryDelay(failures));
    } else if (!token->SleepFor(RetryDelay(failures))) {
      return absl::CancelledError("cancelled during a transfer");
    }
  }
}

}  // namespace quantd
