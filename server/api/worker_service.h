// quantd.v1.WorkerService, on the private socket.
#ifndef QUANTD_SERVER_API_WORKER_SERVICE_H_
#define QUANTD_SERVER_API_WORKER_SERVICE_H_

#include "absl/time/time.h"
#include "proto/quantd/v1/worker_service.grpc.pb.h"
#include "server/api/context.h"

namespace quantd::api {

// Threads: safe.
class WorkerService final : public v1::WorkerService::CallbackService {
 public:
  // Longest wait of Lease.
  static constexpr absl::Duration kLeaseWait = absl::Seconds(10);

  explicit WorkerService(const Context& context) : context_(context) {}

  grpc::ServerUnaryReactor* Lease(grpc::CallbackServerContext* grpc,
                                  const v1::LeaseRequest* request,
                                  v1::LeaseResponse* response) override;
  grpc::ServerUnaryReactor* Report(grpc::CallbackServerContext* grpc,
                                   const v1::ReportRequest* request,
                                   v1::ReportResponse* response) override;
  grpc::ServerUnaryReactor* SaveArtifacts(
      grpc::CallbackServerContext* grpc,
      const v1::SaveArtifactsRequest* request,
      v1::SaveArtifactsResponse* response) override;
  grpc::ServerUnaryReactor* Commit(grpc::CallbackServerContext* grpc,
                                   const v1::CommitRequest* request,
                                   v1::CommitResponse* response) override;

 private:
  const Context context_;
};

}  // namespace quantd::api

#endif  // QUANTD_SERVER_API_WORKER_SERVICE_H_
