#include "server/worker/peak_memory.h"

#include <sys/resource.h>

#include <cstdint>
#include <cstdio>
#include <cstring>

namespace quantd::worker {

void ResetPeakMemory() {
  FILE* const file = fopen("/proc/self/clear_refs", "we");
  if (file == nullptr) return;
  fputs("5", file);
  fclose(file);
}

int64_t PeakMemoryBytes() {
  if (FILE* const file = fopen("/proc/self/status", "re"); file != nullptr) {
    char line[256];
    long long kib = 0;
    while (kib == 0 && fgets(line, sizeof(line), file) != nullptr) {
      if (sscanf(line, "VmHWM: %lld kB", &kib) != 1) kib = 0;
    }
    fclose(file);
    if (kib > 0) return kib * 1024;
  }
  struct rusage usage = {};
  if (getrusage(RUSAGE_SELF, &usage) != 0) return 0;
  return static_cast<int64_t>(usage.ru_maxrss) * 1024;
}

}  // namespace quantd::worker
