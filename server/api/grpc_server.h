// A gRPC server with our settings.
#ifndef QUANTD_SERVER_API_GRPC_SERVER_H_
#define QUANTD_SERVER_API_GRPC_SERVER_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/limits.h"
#include "grpcpp/server.h"

namespace quantd::api {

// Serves some services at one address: bounded messages, 100 streams
// per connection, no port shared with another process, bounded memory.
//
// Ownership: the services outlive this.
// Threads: safe.
class GrpcServer {
 public:
  struct Options {
    // Largest message that is taken.
    int64_t max_message_bytes = Limits().max_message_bytes;
    // HOST:PORT (port 0: a free one) or unix:PATH. The socket gets mode 0600.
    std::string listen;
    std::vector<grpc::Service*> services;
    // grpc.health.v1 and reflection.
    bool health_and_reflection = false;
    // Bytes for all calls together.
    int64_t memory_bytes = int64_t{512} << 20;
  };

  // Errors: UNAVAILABLE, LISTEN_FAILED naming the address.
  static absl::StatusOr<std::unique_ptr<GrpcServer>> Start(
      const Options& options);
  // Cuts off whatever still runs.
  ~GrpcServer();
  GrpcServer(const GrpcServer&) = delete;
  GrpcServer& operator=(const GrpcServer&) = delete;

  // The port listened on; 0 for a Unix socket.
  int port() const { return port_; }
  // What a client dials: "127.0.0.1:50051", "unix:/path".
  const std::string& address() const { return address_; }

  // The answer of the health service for the server and every service.
  void SetServing(bool serving);

  // Takes no new calls; running ones get `grace`, then are cancelled. Returns
  // when all have ended.
  void Shutdown(absl::Duration grace);

 private:
  GrpcServer() = default;

  std::unique_ptr<grpc::Server> server_;
  std::string address_;
  int port_ = 0;
};

}  // namespace quantd::api

#endif  // QUANTD_SERVER_API_GRPC_SERVER_H_
