#include "server/observability/metrics.h"

#include <algorithm>
#include <atomic>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/logging.h"
#include "prometheus/counter.h"
#include "prometheus/gauge.h"
#include "prometheus/histogram.h"
#include "prometheus/registry.h"
#include "prometheus/text_serializer.h"
#include "server/observability/process_metrics.h"

namespace quantd {
namespace {

using prometheus::BuildCounter;
using prometheus::BuildGauge;
using prometheus::BuildHistogram;
using prometheus::Counter;
using prometheus::Family;
using prometheus::Gauge;
using prometheus::Histogram;
using prometheus::Registry;

constexpr const char* kKinds[] = {"calibrate", "compare", "convert",
                                  "evaluate",  "inspect", "train",
                                  "uninplace", "verify"};
constexpr const char* kPhases[] = {"LOAD",       "TRANSFORM",  "BATCHNORM",
                                   "STATISTICS", "THRESHOLDS", "EMIT",
                                   "EVALUATE",   "COMPARE",    "TRAIN"};
constexpr int kMaxReasons = 100;

// Seconds, three per decade: for calls and writes.
const Histogram::BucketBoundaries& RpcBuckets() {
  static const auto* const buckets = new Histogram::BucketBoundaries{
      0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30};
  return *buckets;
}

// Seconds, a factor of four each: for jobs and phases, of which there are many
// kinds.
const Histogram::BucketBoundaries& JobBuckets() {
  static const auto* const buckets = new Histogram::BucketBoundaries{
      0.25, 1, 4, 16, 64, 256, 1024, 4096, 16384, 86400};
  return *buckets;
}

// Bytes, 64 MiB to 64 GiB.
const Histogram::BucketBoundaries& MemoryBuckets() {
  static const auto* const buckets = [] {
    auto* list = new Histogram::BucketBoundaries;
    for (int i = 26; i <= 36; i += 2) list->push_back(int64_t{1} << i);
    return list;
  }();
  return *buckets;
}

Family<Counter>& NewCounter(Registry& registry, const char* name,
                            const char* help) {
  return BuildCounter().Name(name).Help(help).Register(registry);
}
Family<Gauge>& NewGauge(Registry& registry, const char* name,
                        const char* help) {
  return BuildGauge().Name(name).Help(help).Register(registry);
}
Family<Histogram>& NewHistogram(Registry& registry, const char* name,
                                const char* help) {
  return BuildHistogram().Name(name).Help(help).Register(registry);
}

std::string BoundedPhase(const std::string& phase) {
  const bool known = std::find(std::begin(kPhases), std::end(kPhases), phase) !=
                     std::end(kPhases);
  return known ? phase : "other";
}

bool IsReason(const std::string& reason) {
  return !reason.empty() && reason.size() <= 63 &&
         std::all_of(reason.begin(), reason.end(), [](char c) {
           return absl::ascii_isupper(c) || absl::ascii_isdigit(c) || c == '_';
         });
}

}  // namespace

// The one list of metrics.
struct Metrics::Families {
  Registry registry;
  Family<Gauge>& build_info =
      NewGauge(registry, "quantd_build_info", "1, labelled with the version.");
  Family<Counter>& submitted =
      NewCounter(registry, "quantd_jobs_submitted_total", "Jobs accepted.");
  Family<Counter>& jobs = NewCounter(registry, "quantd_jobs_total",
                                     "Jobs that reached a terminal state.");
  Family<Counter>& failures = NewCounter(registry, "quantd_job_failures_total",
                                         "Jobs that failed, by reason.");
  Family<Histogram>& job_duration =
      NewHistogram(registry, "quantd_job_duration_seconds",
                   "From the first lease of a job to its end.");
  Family<Histogram>& job_queue =
      NewHistogram(registry, "quantd_job_queue_seconds",
                   "From the creation of a job to its first lease.");
  Family<Counter>& retries =
      NewCounter(registry, "quantd_job_retries_total",
                 "Attempts that were lost and put back, by cause.");
  Family<Gauge>& last_success =
      NewGauge(registry, "quantd_last_success_timestamp_seconds",
               "Unix time of the last job that succeeded; 0: none yet.");
  Family<Histogram>& phase =
      NewHistogram(registry, "quantd_phase_seconds", "Phases of jobs.");
  Family<Counter>& images =
      NewCounter(registry, "quantd_calibration_images_total",
                 "Images that passed through calibration.");
  Family<Gauge>& queue_depth =
      NewGauge(registry, "quantd_queue_depth", "Jobs that wait for a slot.");
  Family<Gauge>& worker_slots =
      NewGauge(registry, "quantd_worker_slots", "Worker slots, by state.");
  Family<Counter>& restarts =
      NewCounter(registry, "quantd_worker_restarts_total",
                 "Worker processes that ended and were started again.");
  Family<Histogram>& peak_memory =
      NewHistogram(registry, "quantd_worker_peak_memory_bytes",
                   "Largest resident set of a worker during a job.");
  Family<Counter>& upload_bytes =
      NewCounter(registry, "quantd_upload_received_bytes_total",
                 "Bytes of blobs and records that were received.");
  Family<Counter>& download_bytes = NewCounter(
      registry, "quantd_download_sent_bytes_total", "Bytes of blobs sent.");
  Family<Counter>& uploads = NewCounter(registry, "quantd_uploads_total",
                                        "Upload calls that ended, by result.");
  Family<Histogram>& store_write =
      NewHistogram(registry, "quantd_store_write_seconds",
                   "Writes of job state, with their sync.");
  Family<Gauge>& disk_free =
      NewGauge(registry, "quantd_disk_free_bytes",
               "Bytes free in the file system of the data directory.");
  Family<Counter>& artifact_bytes =
      NewCounter(registry, "quantd_artifact_committed_bytes_total",
                 "Bytes of artifacts that jobs committed.");
  Family<Counter>& bugs = NewCounter(registry, "quantd_bug_total",
                                     "Broken invariants; please report.");
  Family<Counter>& rpc_handled =
      NewCounter(registry, "grpc_server_handled_total",
                 "Calls that ended, by method and status code.");
  Family<Histogram>& rpc_seconds = NewHistogram(
      registry, "grpc_server_handling_seconds", "Duration of calls.");
  ProcessMetrics process{&registry};

  std::atomic<int64_t> num_bugs{0};
  std::atomic<int> num_reasons{0};
};

Metrics::Metrics(const std::string& version)
    : families_(std::make_unique<Families>()) {
  families_->build_info.Add({{"version", version}}).Set(1);
  families_->images.Add({});
  families_->upload_bytes.Add({});
  families_->download_bytes.Add({});
  families_->disk_free.Add({});
  families_->artifact_bytes.Add({});
  families_->store_write.Add({}, RpcBuckets());
  families_->bugs.Add({{"site", "none"}});
  SetQueueDepth("cpu", 0);
  for (const char* kind : kKinds) {
    families_->submitted.Add({{"kind", kind}});
    families_->last_success.Add({{"kind", kind}});
    families_->job_duration.Add({{"kind", kind}}, JobBuckets());
    families_->job_queue.Add({{"kind", kind}}, JobBuckets());
    families_->peak_memory.Add({{"kind", kind}}, MemoryBuckets());
    const std::string algorithm =
        absl::string_view(kind) == "calibrate" ? "arq_ifmr" : "none";
    for (const char* state : {"SUCCEEDED", "FAILED", "CANCELLED"}) {
      families_->jobs.Add(
          {{"kind", kind}, {"state", state}, {"algorithm", algorithm}});
    }
  }
  for (const char* phase : kPhases) {
    families_->phase.Add({{"phase", phase}}, JobBuckets());
  }
  for (const char* reason : {"crash", "oom", "timeout", "cancel", "launcher"}) {
    families_->restarts.Add({{"reason", reason}});
  }
  for (const char* cause : {"crash", "timeout", "launcher"}) {
    families_->retries.Add({{"cause", cause}});
  }
  for (const char* state : {"idle", "busy", "broken"}) {
    SetWorkerSlots("cpu", state, 0);
  }
}

Metrics::~Metrics() = default;

void Metrics::CountJobSubmitted(const std::string& kind) {
  families_->submitted.Add({{"kind", kind}}).Increment();
}

void Metrics::ObserveJobQueue(const std::string& kind, absl::Duration waited) {
  families_->job_queue.Add({{"kind", kind}}, JobBuckets())
      .Observe(absl::ToDoubleSeconds(waited));
}

void Metrics::CountJobEnded(const std::string& kind, const std::string& state,
                            const std::string& algorithm,
                            const std::string& reason,
                            absl::Duration duration) {
  families_->jobs
      .Add({{"kind", kind}, {"state", state}, {"algorithm", algorithm}})
      .Increment();
  families_->job_duration.Add({{"kind", kind}}, JobBuckets())
      .Observe(absl::ToDoubleSeconds(duration));
  if (state == "SUCCEEDED") {
    families_->last_success.Add({{"kind", kind}}).SetToCurrentTime();
  }
  if (state != "FAILED") return;
  prometheus::Labels labels = {{"kind", kind}, {"reason", reason}};
  if (!families_->failures.Has(labels) &&
      (!IsReason(reason) || families_->num_reasons++ >= kMaxReasons)) {
    labels["reason"] = "other";
  }
  families_->failures.Add(labels).Increment();
}

void Metrics::CountJobRetry(const std::string& cause) {
  families_->retries.Add({{"cause", cause}}).Increment();
}

void Metrics::ObservePhase(const std::string& phase, double seconds) {
  families_->phase.Add({{"phase", BoundedPhase(phase)}}, JobBuckets())
      .Observe(seconds);
}

void Metrics::CountImages(int64_t num_images) {
  if (num_images > 0) families_->images.Add({}).Increment(num_images);
}

void Metrics::SetQueueDepth(const std::string& device, int64_t depth) {
  families_->queue_depth.Add({{"device", device}}).Set(depth);
}

void Metrics::SetWorkerSlots(const std::string& device,
                             const std::string& state, int64_t count) {
  families_->worker_slots.Add({{"device", device}, {"state", state}})
      .Set(count);
}

void Metrics::CountWorkerRestart(const std::string& reason) {
  families_->restarts.Add({{"reason", reason}}).Increment();
}

void Metrics::ObservePeakMemory(const std::string& kind, int64_t bytes) {
  families_->peak_memory.Add({{"kind", kind}}, MemoryBuckets()).Observe(bytes);
}

void Metrics::CountUploadBytes(int64_t bytes) {
  families_->upload_bytes.Add({}).Increment(bytes);
}

void Metrics::CountDownloadBytes(int64_t bytes) {
  families_->download_bytes.Add({}).Increment(bytes);
}

void Metrics::CountUpload(const std::string& result) {
  families_->uploads.Add({{"result", result}}).Increment();
}

void Metrics::ObserveStoreWrite(absl::Duration duration) {
  families_->store_write.Add({}, RpcBuckets())
      .Observe(absl::ToDoubleSeconds(duration));
}

void Metrics::SetDiskFree(int64_t bytes) {
  families_->disk_free.Add({}).Set(bytes);
}

void Metrics::AddArtifactBytes(int64_t bytes) {
  families_->artifact_bytes.Add({}).Increment(bytes);
}

void Metrics::CountRpc(const std::string& method, const std::string& code,
                       absl::Duration duration) {
  families_->rpc_handled.Add({{"method", method}, {"code", code}}).Increment();
  families_->rpc_seconds.Add({{"method", method}}, RpcBuckets())
      .Observe(absl::ToDoubleSeconds(duration));
}

void Metrics::Bug(const std::string& site, absl::string_view message) {
  LogError("broken invariant, please report",
           {{"site", site}, {"what", message}});
  families_->bugs.Add({{"site", site}}).Increment();
  ++families_->num_bugs;
}

int64_t Metrics::num_bugs() const { return families_->num_bugs; }

std::string Metrics::ToText() const {
  families_->process.Update();
  return prometheus::TextSerializer().Serialize(families_->registry.Collect());
}

}  // namespace quantd
