#include "server/api/grpc_server.h"

#include <sys/stat.h>

#include <memory>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/error.h"
#include "grpcpp/ext/proto_server_reflection_plugin.h"
#include "grpcpp/grpcpp.h"
#include "grpcpp/health_check_service_interface.h"
#include "grpcpp/resource_quota.h"

namespace quantd::api {
namespace {

constexpr char kUnixPrefix[] = "unix:";
constexpr int kMaxStreams = 100;
constexpr int kMaxThreads = 64;
constexpr int kMinute_ms = 60 * 1000;

absl::Status ListenFailed(const std::string& address) {
  return Error(absl::StatusCode::kUnavailable, "LISTEN_FAILED",
               absl::StrCat("cannot listen on ", address,
                            "; is the address right, and is another server "
                            "using it? Choose another --listen"),
               {{"address", address}});
}

void SetLimits(const GrpcServer::Options& options,
               grpc::ServerBuilder* builder) {
  builder->SetMaxReceiveMessageSize(
      static_cast<int>(options.max_message_bytes));
  builder->AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kMaxStreams);
  builder->AddChannelArgument(
      GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 10 * 1000);
  builder->AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder->AddChannelArgument(GRPC_ARG_MAX_CONNECTION_IDLE_MS, 5 * kMinute_ms);
  builder->AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_MS, 60 * kMinute_ms);
  builder->AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS,
                              10 * kMinute_ms);
  builder->AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  grpc::ResourceQuota quota("quantd");
  quota.Resize(static_cast<size_t>(options.memory_bytes));
  quota.SetMaxThreads(kMaxThreads);
  builder->SetResourceQuota(quota);
}

// For the process: the health service is a default of the builder.
void EnableHealthAndReflection(bool enable) {
  grpc::EnableDefaultHealthCheckService(enable);
  static const bool once = [] {
    grpc::reflection::InitProtoReflectionServerBuilderPlugin();
    return true;
  }();
  (void)once;
}

}  // namespace

absl::StatusOr<std::unique_ptr<GrpcServer>> GrpcServer::Start(
    const Options& options) {
  EnableHealthAndReflection(options.health_and_reflection);
  grpc::ServerBuilder builder;
  SetLimits(options, &builder);
  int port = 0;
  builder.AddListeningPort(options.listen, grpc::InsecureServerCredentials(),
                           &port);
  for (grpc::Service* service : options.services) {
    builder.RegisterService(service);
  }
  std::unique_ptr<GrpcServer> server(new GrpcServer);
  server->server_ = builder.BuildAndStart();
  if (server->server_ == nullptr || port == 0) {
    return ListenFailed(options.listen);
  }
  server->address_ = options.listen;
  if (absl::StartsWith(options.listen, kUnixPrefix)) {
    const std::string path = options.listen.substr(sizeof(kUnixPrefix) - 1);
    if (chmod(path.c_str(), 0600) != 0) return ListenFailed(options.listen);
    return server;
  }
  server->port_ = port;
  server->address_ = absl::StrCat(
      options.listen.substr(0, options.listen.rfind(':')), ":", port);
  return server;
}

GrpcServer::~GrpcServer() { Shutdown(absl::ZeroDuration()); }

void GrpcServer::SetServing(bool serving) {
  if (auto* const health = server_->GetHealthCheckService();
      health != nullptr) {
    health->SetServingStatus(serving);
  }
}

void GrpcServer::Shutdown(absl::Duration grace) {
  if (server_ == nullptr) return;
  server_->Shutdown(absl::ToChronoTime(absl::Now() + grace));
  server_->Wait();
}

}  // namespace quantd::api
