// Every metric of quantd, declared once.
// Not here: serving them over HTTP (http_server.h).
#ifndef QUANTD_SERVER_OBSERVABILITY_METRICS_H_
#define QUANTD_SERVER_OBSERVABILITY_METRICS_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace quantd {

// Prometheus metrics: prefix quantd_, base units, no ids in labels. Label
// values that come from workers are bounded: unknown phases and ill-formed
// reasons count as "other".
//
// Threads: safe.
//
// Example:
//   Metrics metrics("0.1.0");
//   metrics.CountJobSubmitted("calibrate");
//   metrics.ToText();
class Metrics {
 public:
  explicit Metrics(const std::string& version);
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  // Jobs. kind: as JobKind() says.
  void CountJobSubmitted(const std::string& kind);
  // The job left the queue after `waited`.
  void ObserveJobQueue(const std::string& kind, absl::Duration waited);
  // state: "SUCCEEDED", "FAILED", "CANCELLED"; reason: of a FAILED job.
  void CountJobEnded(const std::string& kind, const std::string& state,
                     const std::string& algorithm, const std::string& reason,
                     absl::Duration duration);
  // cause: "crash", "timeout", "launcher".
  void CountJobRetry(const std::string& cause);
  void ObservePhase(const std::string& phase, double seconds);
  void CountImages(int64_t num_images);

  // Slots. device: "cpu", "gpu"; state: "idle", "busy", "broken".
  void SetQueueDepth(const std::string& device, int64_t depth);
  void SetWorkerSlots(const std::string& device, const std::string& state,
                      int64_t count);
  // reason: "crash", "oom", "timeout", "cancel", "launcher".
  void CountWorkerRestart(const std::string& reason);
  void ObservePeakMemory(const std::string& kind, int64_t bytes);

  // Transfer and storage.
  void CountUploadBytes(int64_t bytes);
  void CountDownloadBytes(int64_t bytes);
  // result: "complete", "partial", "aborted", "digest_mismatch".
  void CountUpload(const std::string& result);
  void ObserveStoreWrite(absl::Duration duration);
  void SetDiskFree(int64_t bytes);
  // Bytes of artifacts that jobs committed since the start.
  void AddArtifactBytes(int64_t bytes);

  // method: "JobService/CreateJob"; code: "OK", "NOT_FOUND", ...
  void CountRpc(const std::string& method, const std::string& code,
                absl::Duration duration);

  // A broken invariant: logs an error and counts it. `site` is a literal.
  void Bug(const std::string& site, absl::string_view message);
  int64_t num_bugs() const;

  // The text exposition format, with process_* read now.
  std::string ToText() const;

 private:
  struct Families;
  const std::unique_ptr<Families> families_;
};

}  // namespace quantd

#endif  // QUANTD_SERVER_OBSERVABILITY_METRICS_H_
