#include "client/retry.h"

#include <algorithm>
#include <cmath>

#include "absl/random/random.h"
#include "absl/time/clock.h"

namespace quantd {
namespace {

constexpr int kMaxAttempts = 4;

}  // namespace

absl::Duration RetryDelay(int attempt) {
  absl::BitGen random;
  const double seconds = std::min(1.0, 0.1 * std::pow(2.0, attempt - 1));
  return absl::Seconds(seconds * absl::Uniform(random, 0.8, 1.2));
}

absl::Status RetryIdempotent(CancelToken* token,
                             absl::FunctionRef<absl::Status()> call) {
  absl::Status status;
  for (int attempt = 1; attempt <= kMaxAttempts; ++attempt) {
    status = call();
    if (!absl::IsUnavailable(status) || attempt == kMaxAttempts) break;
    if (token == nullptr) {
      absl::SleepFor(RetryDelay(attempt));
    } else if (!token->SleepFor(RetryDelay(attempt))) {
      break;
    }
  }
  return status;
}

}  // namespace quantd
