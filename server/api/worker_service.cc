#include "server/api/worker_service.h"

#include <optional>
#include <utility>

#include "base/status_macros.h"
#include "server/api/call.h"
#include "server/api/long_poll.h"

namespace quantd::api {

grpc::ServerUnaryReactor* WorkerService::Lease(grpc::CallbackServerContext*,
                                               const v1::LeaseRequest* request,
                                               v1::LeaseResponse* response) {
  LongPoll::Options options;
  options.context = context_;
  options.method = "WorkerService/Lease";
  options.topic = jobs::JobNotifier::kQueue;
  options.timeout = kLeaseWait;
  options.answer = [this, request,
                    response](bool last) -> std::optional<absl::Status> {
    absl::StatusOr<std::optional<v1::Attempt>> attempt =
        context_.jobs->TryLease(*request);
    if (!attempt.ok()) return attempt.status();
    if (!attempt->has_value()) {
      if (last) return absl::OkStatus();
      return std::nullopt;
    }
    *response->mutable_attempt() = std::move(**attempt);
    return absl::OkStatus();
  };
  return LongPoll::Start(std::move(options));
}

grpc::ServerUnaryReactor* WorkerService::Report(
    grpc::CallbackServerContext* grpc, const v1::ReportRequest* request,
    v1::ReportResponse* response) {
  return new UnaryCall(context_, grpc, "WorkerService/Report",
                       [this, request, response]() -> absl::Status {
                         ASSIGN_OR_RETURN(*response,
                                          context_.jobs->Report(*request));
                         return absl::OkStatus();
                       });
}

grpc::ServerUnaryReactor* WorkerService::SaveArtifacts(
    grpc::CallbackServerContext* grpc, const v1::SaveArtifactsRequest* request,
    v1::SaveArtifactsResponse*) {
  return new UnaryCall(
      context_, grpc, "WorkerService/SaveArtifacts",
      [this, request] { return context_.jobs->SaveArtifacts(*request); });
}

grpc::ServerUnaryReactor* WorkerService::Commit(
    grpc::CallbackServerContext* grpc, const v1::CommitRequest* request,
    v1::CommitResponse*) {
  return new UnaryCall(context_, grpc, "WorkerService/Commit", [this, request] {
    return context_.jobs->Commit(*request);
  });
}

}  // namespace quantd::api
