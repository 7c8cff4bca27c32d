// Runs a resumable stream until it is done: a broken one goes on where the
// server says it stopped.
#ifndef QUANTD_CLIENT_RESUME_H_
#define QUANTD_CLIENT_RESUME_H_

#include <cstdint>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/cancel_token.h"

namespace quantd {

// Where a transfer stands.
struct TransferPosition {
  int64_t offset = 0;
  bool complete = false;
};

// Calls `position`, then `transfer` with its offset, until the transfer
// succeeds or is complete already. Goes on after UNAVAILABLE and
// OFFSET_OUT_OF_RANGE (somebody else sent a part meanwhile), at most 4 times in
// a row without a higher offset.
// token: may be null; cancelling ends the wait between attempts.
absl::Status ResumeUntilDone(
    CancelToken* token,
    absl::FunctionRef<absl::StatusOr<TransferPosition>()> position,
    absl::FunctionRef<absl::Status(int64_t offset)> transfer);

}  // namespace quantd

#endif  // QUANTD_CLIENT_RESUME_H_
