// quantd as an object: everything it consists of, started and stopped in order.
#ifndef QUANTD_SERVER_DAEMON_H_
#define QUANTD_SERVER_DAEMON_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "grpcpp/impl/service_type.h"
#include "server/api/context.h"
#include "server/api/grpc_server.h"
#include "server/jobs/job_manager.h"
#include "server/launcher/local_launcher.h"
#include "server/observability/http_server.h"
#include "server/observability/metrics.h"
#include "server/quantd_options.h"
#include "storage/store.h"

namespace quantd {

// Store, job manager, public and private gRPC servers, HTTP server, workers.
//
// Call order: Start, Tick every 100 ms, Shutdown.
// Threads: Start, Tick and Shutdown from one; the rest is safe inside.
class Daemon {
 public:
  static constexpr char kVersion[] = "0.1.0";

  // Opens the store, recovers jobs, serves, starts the workers. After an error
  // nothing runs. Errors of the parts, with their reasons: STORE_LOCKED,
  // LISTEN_FAILED, WORKER_BINARY_NOT_FOUND, ...
  static absl::StatusOr<std::unique_ptr<Daemon>> Start(
      const QuantdOptions& options);
  ~Daemon();
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  // Supervision: leases, health, collection of what was abandoned.
  void Tick();

  // NOT_SERVING, nothing new; workers get two seconds, then their jobs go back
  // to the queue; open calls end. Takes at most some 10 s.
  void Shutdown();

  const std::string& address() const { return server_->address(); }
  int port() const { return server_->port(); }
  // 0: no HTTP.
  int http_port() const { return http_ == nullptr ? 0 : http_->port(); }

 private:
  explicit Daemon(const QuantdOptions& options) : options_(options) {}
  absl::Status OpenStore();
  // Of the private socket; makes a directory for it if the data directory's
  // path is too long for one.
  absl::StatusOr<std::string> WorkerAddress();
  absl::Status StartServers();
  absl::Status StartHttp();
  absl::Status StartWorkers();
  absl::Status WritePortFile();
  absl::Status CheckHealthy() const;
  absl::Status CheckReady() const;
  void CheckStore();
  void CollectGarbage();

  const QuantdOptions options_;
  Metrics metrics_{kVersion};
  std::unique_ptr<storage::Store> store_;
  std::unique_ptr<jobs::JobManager> jobs_;
  std::unique_ptr<api::Executor> executor_;
  // Outlive the servers, which outlive nothing else that calls them.
  std::vector<std::unique_ptr<grpc::Service>> services_;
  std::unique_ptr<api::GrpcServer> server_;
  std::unique_ptr<api::GrpcServer> worker_server_;
  std::unique_ptr<HttpServer> http_;
  std::unique_ptr<launcher::LocalLauncher> launcher_;
  std::string private_dir_;  // To remove at the end; empty: none.

  absl::Time next_store_check_ = absl::InfinitePast();
  absl::Time next_collection_ = absl::InfinitePast();
  mutable absl::Mutex mutex_;
  absl::Time last_tick_ ABSL_GUARDED_BY(mutex_);
  absl::Status store_status_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace quantd

#endif  // QUANTD_SERVER_DAEMON_H_
