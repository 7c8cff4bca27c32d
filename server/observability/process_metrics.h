// The standard process_* metrics, read from /proc.
#ifndef QUANTD_SERVER_OBSERVABILITY_PROCESS_METRICS_H_
#define QUANTD_SERVER_OBSERVABILITY_PROCESS_METRICS_H_

#include "prometheus/gauge.h"
#include "prometheus/registry.h"

namespace quantd {

// Threads: safe.
class ProcessMetrics {
 public:
  // Registers the metrics with `registry`, which must outlive this.
  explicit ProcessMetrics(prometheus::Registry* registry);

  // Reads /proc/self. What cannot be read keeps its value.
  void Update();

 private:
  prometheus::Gauge& cpu_seconds_;
  prometheus::Gauge& resident_bytes_;
  prometheus::Gauge& virtual_bytes_;
  prometheus::Gauge& open_fds_;
  prometheus::Gauge& max_fds_;
  prometheus::Gauge& start_time_;
};

}  // namespace quantd

#endif  // QUANTD_SERVER_OBSERVABILITY_PROCESS_METRICS_H_
