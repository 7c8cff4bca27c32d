// The largest resident set of this process, measured from a moment on.
#ifndef QUANTD_SERVER_WORKER_PEAK_MEMORY_H_
#define QUANTD_SERVER_WORKER_PEAK_MEMORY_H_

#include <cstdint>

namespace quantd::worker {

// Forgets the peak so far, where the system allows it.
void ResetPeakMemory();

// Bytes; 0 if it cannot be read.
int64_t PeakMemoryBytes();

}  // namespace quantd::worker

#endif  // QUANTD_SERVER_WORKER_PEAK_MEMORY_H_
