#include "server/api/server_service.h"

#include "base/limits.h"
#include "grpcpp/grpcpp.h"
#include "server/api/call.h"

namespace quantd::api {

grpc::ServerUnaryReactor* ServerService::GetServerInfo(
    grpc::CallbackServerContext* grpc, const v1::GetServerInfoRequest*,
    v1::ServerInfo* response) {
  return new UnaryCall(
      context_, grpc, "ServerService/GetServerInfo", [this, response] {
        response->set_version(options_.version);
        (*response->mutable_libraries())["gRPC"] = grpc::Version();
        response->set_start_time_unix_seconds(options_.start_time_unix_seconds);
        context_.jobs->FillServerInfo(response);
        const Limits limits;
        response->set_max_blob_bytes(limits.max_blob_bytes);
        response->set_max_chunk_bytes(limits.max_chunk_bytes);
        response->set_max_message_bytes(limits.max_message_bytes);
        response->set_ready(options_.ready().ok());
        return absl::OkStatus();
      });
}

}  // namespace quantd::api
