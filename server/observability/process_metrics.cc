#include "server/observability/process_metrics.h"

#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdint>
#include <fstream>
#include <memory>

namespace quantd {
namespace {

prometheus::Gauge& NewGauge(prometheus::Registry* registry, const char* name,
                            const char* help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(*registry).Add(
      {});
}

double CpuSeconds() {
  struct rusage usage = {};
  if (getrusage(RUSAGE_SELF, &usage) != 0) return 0;
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + time.tv_usec * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

int CountOpenFds() {
  DIR* const directory = opendir("/proc/self/fd");
  if (directory == nullptr) return -1;
  int count = -3;  // ".", "..", and this directory's own descriptor.
  while (readdir(directory) != nullptr) ++count;
  closedir(directory);
  return count;
}

}  // namespace

ProcessMetrics::ProcessMetrics(prometheus::Registry* registry)
    : cpu_seconds_(NewGauge(registry, "process_cpu_seconds_total",
                            "User and system time of quantd, seconds.")),
      resident_bytes_(NewGauge(registry, "process_resident_memory_bytes",
                               "Resident set of quantd, bytes.")),
      virtual_bytes_(NewGauge(registry, "process_virtual_memory_bytes",
                              "Address space of quantd, bytes.")),
      open_fds_(NewGauge(registry, "process_open_fds",
                         "Open file descriptors of quantd.")),
      max_fds_(NewGauge(registry, "process_max_fds",
                        "Limit of open file descriptors of quantd.")),
      start_time_(NewGauge(registry, "process_start_time_seconds",
                           "Unix time of quantd's start.")) {
  start_time_.SetToCurrentTime();
}

void ProcessMetrics::Update() {
  cpu_seconds_.Set(CpuSeconds());
  int64_t total = 0;
  int64_t resident = 0;
  if (std::ifstream("/proc/self/statm") >> total >> resident) {
    const double page = static_cast<double>(sysconf(_SC_PAGESIZE));
    virtual_bytes_.Set(static_cast<double>(total) * page);
    resident_bytes_.Set(static_cast<double>(resident) * page);
  }
  if (const int count = CountOpenFds(); count >= 0) open_fds_.Set(count);
  struct rlimit limit = {};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) max_fds_.Set(limit.rlim_cur);
}

}  // namespace quantd
