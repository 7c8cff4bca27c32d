#include "server/worker/peak_memory.h"

#include <sys/resource.h>

#include <cstdint>
#include <cstdio>
#include <fstream>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

namespace quantd::worker {

void ResetPeakMemory() {
  FILE* const file = fopen("/proc/self/clear_refs", "we");
  if (file == nullptr) return;
  fputs("5", file);
  fclose(file);
}

int64_t PeakMemoryBytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    absl::string_view text = line;
    int64_t kib = 0;
    if (absl::ConsumePrefix(&text, "VmHWM:") &&
        absl::ConsumeSuffix(&text, "kB") && absl::SimpleAtoi(text, &kib)) {
      return kib * 1024;
    }
  }
  struct rusage usage = {};
  if (getrusage(RUSAGE_SELF, &usage) != 0) return 0;
  return static_cast<int64_t>(usage.ru_maxrss) * 1024;
}

}  // namespace quantd::worker
