// quantd.v1.ServerService.
#ifndef QUANTD_SERVER_API_SERVER_SERVICE_H_
#define QUANTD_SERVER_API_SERVER_SERVICE_H_

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "proto/quantd/v1/server_service.grpc.pb.h"
#include "server/api/context.h"

namespace quantd::api {

// Threads: safe.
class ServerService final : public v1::ServerService::CallbackService {
 public:
  struct Options {
    std::string version;
    int64_t start_time_unix_seconds = 0;
    // OK: jobs can be taken and run.
    std::function<absl::Status()> ready;
  };

  ServerService(const Context& context, Options options)
      : context_(context), options_(std::move(options)) {}

  grpc::ServerUnaryReactor* GetServerInfo(grpc::CallbackServerContext* grpc,
                                          const v1::GetServerInfoRequest*,
                                          v1::ServerInfo* response) override;

 private:
  const Context context_;
  const Options options_;
};

}  // namespace quantd::api

#endif  // QUANTD_SERVER_API_SERVER_SERVICE_H_
