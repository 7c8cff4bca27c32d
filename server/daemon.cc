#include "server/daemon.h"

#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/error.h"
#include "base/file_system.h"
#include "base/limits.h"
#include "base/logging.h"
#include "base/status_macros.h"
#include "server/api/blob_service.h"
#include "server/api/dataset_service.h"
#include "server/api/job_service.h"
#include "server/api/server_service.h"
#include "server/api/worker_service.h"

namespace quantd {
namespace {

constexpr int kExecutorThreads = 8;
constexpr size_t kMaxSocketPath = 107;
constexpr int64_t kWorkerMessageBytes = int64_t{64} << 20;
// Longer than a worker takes that is asked to end (attempt_runner.cc).
constexpr absl::Duration kWorkerGrace = absl::Seconds(8);
constexpr absl::Duration kCallGrace = absl::Seconds(3);
constexpr absl::Duration kStoreCheckInterval = absl::Seconds(2);
constexpr absl::Duration kCollectionInterval = absl::Hours(1);
constexpr absl::Duration kLongestTick = absl::Seconds(10);

int ThreadsPerSlot(const QuantdOptions& options) {
  if (options.threads_per_slot > 0) return options.threads_per_slot;
  const int cores = static_cast<int>(std::thread::hardware_concurrency());
  return std::max(1, cores / options.cpu_slots);
}

std::string SlotId(int index) { return absl::StrCat("cpu-", index); }

}  // namespace

absl::StatusOr<std::unique_ptr<Daemon>> Daemon::Start(
    const QuantdOptions& options) {
  std::unique_ptr<Daemon> daemon(new Daemon(options));
  RETURN_IF_ERROR(daemon->OpenStore());
  RETURN_IF_ERROR(daemon->StartServers());
  RETURN_IF_ERROR(daemon->StartHttp());
  RETURN_IF_ERROR(daemon->StartWorkers());
  RETURN_IF_ERROR(daemon->WritePortFile());
  daemon->Tick();
  return daemon;
}

Daemon::~Daemon() { Shutdown(); }

absl::Status Daemon::OpenStore() {
  storage::Store::Options store_options;
  store_options.data_dir = options_.data_dir;
  ASSIGN_OR_RETURN(store_, storage::Store::Open(store_options));
  jobs::JobManager::Options job_options;
  job_options.store = store_.get();
  job_options.metrics = &metrics_;
  job_options.max_attempts = static_cast<int>(Limits().max_attempts);
  job_options.max_queued_jobs = Limits().max_queued_jobs;
  job_options.max_job_time = absl::Seconds(Limits().max_job_seconds);
  ASSIGN_OR_RETURN(jobs_, jobs::JobManager::Start(job_options));
  for (int i = 0; i < options_.cpu_slots; ++i) {
    jobs_->AddSlot(SlotId(i), "cpu");
  }
  executor_ = std::make_unique<api::Executor>(kExecutorThreads);
  return absl::OkStatus();
}

absl::StatusOr<std::string> Daemon::WorkerAddress() {
  std::string path = absl::StrCat(options_.data_dir, "/worker.sock");
  if (path.size() > kMaxSocketPath) {
    char directory[] = "/tmp/quantd-XXXXXX";
    if (mkdtemp(directory) == nullptr) {
      return Error(absl::StatusCode::kUnavailable, "LISTEN_FAILED",
                   absl::StrCat("the path of --data_dir is too long for a "
                                "socket in it, and no directory can be made "
                                "in /tmp; use a shorter --data_dir"),
                   {{"address", path}});
    }
    private_dir_ = directory;
    path = absl::StrCat(private_dir_, "/worker.sock");
  }
  return absl::StrCat("unix:", path);
}

absl::Status Daemon::StartServers() {
  const api::Context context = {store_.get(), jobs_.get(), &metrics_,
                                executor_.get()};
  services_.push_back(std::make_unique<api::JobService>(context));
  services_.push_back(std::make_unique<api::BlobService>(context));
  services_.push_back(std::make_unique<api::DatasetService>(context));
  services_.push_back(std::make_unique<api::ServerService>(
      context,
      api::ServerService::Options{kVersion, absl::ToUnixSeconds(absl::Now()),
                                  [this] { return CheckReady(); }}));
  api::GrpcServer::Options server;
  server.listen = options_.listen;
  server.health_and_reflection = true;
  for (const auto& service : services_) {
    server.services.push_back(service.get());
  }
  ASSIGN_OR_RETURN(server_, api::GrpcServer::Start(server));

  services_.push_back(std::make_unique<api::WorkerService>(context));
  services_.push_back(std::make_unique<api::BlobService>(context));
  api::GrpcServer::Options worker_server;
  ASSIGN_OR_RETURN(worker_server.listen, WorkerAddress());
  worker_server.max_message_bytes = kWorkerMessageBytes;
  worker_server.services = {services_[4].get(), services_[5].get()};
  ASSIGN_OR_RETURN(worker_server_, api::GrpcServer::Start(worker_server));
  return absl::OkStatus();
}

absl::Status Daemon::StartHttp() {
  if (options_.http_listen == "none") return absl::OkStatus();
  HttpServer::Options http;
  http.listen = options_.http_listen;
  http.metrics = [this] { return metrics_.ToText(); };
  http.healthy = [this] { return CheckHealthy(); };
  http.ready = [this] { return CheckReady(); };
  ASSIGN_OR_RETURN(http_, HttpServer::Start(std::move(http)));
  return absl::OkStatus();
}

absl::Status Daemon::StartWorkers() {
  launcher::LocalLauncher::Options workers;
  workers.worker_binary = options_.worker_binary.empty()
                              ? launcher::DefaultWorkerBinary()
                              : options_.worker_binary;
  workers.server_address = worker_server_->address();
  for (int i = 0; i < options_.cpu_slots; ++i) {
    workers.slots.push_back({SlotId(i), ThreadsPerSlot(options_)});
  }
  workers.on_started = [this](const std::string& slot_id, pid_t pid) {
    jobs_->WorkerStarted(slot_id, pid);
  };
  workers.on_exited = [this](const std::string& slot_id,
                             const jobs::WorkerExit& exit) {
    jobs_->WorkerExited(slot_id, exit);
  };
  launcher_ = std::make_unique<launcher::LocalLauncher>(std::move(workers));
  jobs_->SetKiller(
      [this](const std::string& slot_id) { launcher_->Kill(slot_id); });
  return launcher_->Start();
}

absl::Status Daemon::WritePortFile() {
  if (options_.port_file.empty()) return absl::OkStatus();
  return FileSystem::Posix()->WriteAtomic(options_.port_file,
                                          absl::StrCat(server_->port(), "\n"));
}

absl::Status Daemon::CheckHealthy() const {
  absl::MutexLock lock(&mutex_);
  if (absl::Now() - last_tick_ < kLongestTick) return absl::OkStatus();
  return absl::UnavailableError("the main loop hangs");
}

absl::Status Daemon::CheckReady() const {
  if (jobs_->draining()) return absl::UnavailableError("shutting down");
  {
    absl::MutexLock lock(&mutex_);
    RETURN_IF_ERROR(store_status_);
  }
  return jobs_->CheckSlots();
}

void Daemon::Tick() {
  const absl::Time now = absl::Now();
  {
    absl::MutexLock lock(&mutex_);
    last_tick_ = now;
  }
  jobs_->Tick();
  if (now >= next_store_check_) {
    next_store_check_ = now + kStoreCheckInterval;
    CheckStore();
  }
  if (now >= next_collection_) {
    next_collection_ = now + kCollectionInterval;
    CollectGarbage();
  }
}

void Daemon::CheckStore() {
  const absl::Status status = store_->CheckWritable();
  bool changed = false;
  {
    absl::MutexLock lock(&mutex_);
    changed = status.code() != store_status_.code();
    store_status_ = status;
  }
  if (changed) {
    if (!status.ok()) LogError("store not writable", {{"error", status}});
    if (status.ok()) LogInfo("store writable again");
    server_->SetServing(status.ok());
  }
  const auto free_bytes = FileSystem::Posix()->FreeBytes(options_.data_dir);
  if (free_bytes.ok()) metrics_.SetDiskFree(*free_bytes);
}

void Daemon::CollectGarbage() {
  const absl::Time now = absl::Now();
  const Limits limits;
  const absl::Time uploads = now - absl::Seconds(limits.upload_ttl_seconds);
  const absl::Status statuses[] = {
      store_->blobs()->CollectUploads(uploads).status(),
      store_->datasets()->CollectOpen(uploads).status(),
      store_->jobs()
          ->CollectRequests(now - absl::Seconds(limits.request_id_ttl_seconds))
          .status(),
  };
  for (const absl::Status& status : statuses) {
    if (!status.ok()) LogWarning("collection failed", {{"error", status}});
  }
}

void Daemon::Shutdown() {
  if (server_ != nullptr) server_->SetServing(false);
  if (jobs_ != nullptr) jobs_->Drain();
  if (launcher_ != nullptr) launcher_->Stop(kWorkerGrace);
  http_.reset();
  if (worker_server_ != nullptr) {
    worker_server_->Shutdown(absl::ZeroDuration());
    const std::string path = worker_server_->address().substr(5);
    worker_server_.reset();
    unlink(path.c_str());
    if (!private_dir_.empty()) rmdir(private_dir_.c_str());
  }
  if (server_ != nullptr) server_->Shutdown(kCallGrace);
  executor_.reset();
}

}  // namespace quantd
