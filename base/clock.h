// The one source of time: wall time for what is stored and shown, monotonic
// time for what expires, so that a jump of the clock ends nothing early.
// Not here: a clock for tests (base/testing/fake_clock.h).
#ifndef QUANTD_BASE_CLOCK_H_
#define QUANTD_BASE_CLOCK_H_

#include "absl/time/time.h"

namespace quantd {

// Threads: safe.
class Clock {
 public:
  // The system's clock; lives as long as the process.
  static Clock* Real();

  virtual ~Clock() = default;

  // Wall time. May jump, in both directions.
  virtual absl::Time Now() const = 0;

  // Time since a fixed but unknown moment of this process. Never decreases.
  virtual absl::Duration Monotonic() const = 0;
};

}  // namespace quantd

#endif  // QUANTD_BASE_CLOCK_H_
