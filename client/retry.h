// Repeats a call that did not reach the server.
// Not here: streams, which resume by offset or sequence instead.
#ifndef QUANTD_CLIENT_RETRY_H_
#define QUANTD_CLIENT_RETRY_H_

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "client/cancel_token.h"

namespace quantd {

// Time before attempt `attempt` (1: the second call): 0.1 s, doubling up to
// 1 s, times a random factor of 0.8 to 1.2.
absl::Duration RetryDelay(int attempt);

// Calls `call` up to 4 times as long as it ends with UNAVAILABLE. For unary
// calls that may be repeated without harm; nothing else is retried (AIP-194).
// token: may be null; cancelling ends the wait.
absl::Status RetryIdempotent(CancelToken* token,
                             absl::FunctionRef<absl::Status()> call);

}  // namespace quantd

#endif  // QUANTD_CLIENT_RETRY_H_
