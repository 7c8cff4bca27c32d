// Counting of calls, and unary calls as plain functions.
#ifndef QUANTD_SERVER_API_CALL_H_
#define QUANTD_SERVER_API_CALL_H_

#include <functional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "grpcpp/server_context.h"
#include "grpcpp/support/server_callback.h"
#include "grpcpp/support/status.h"
#include "proto/rpc/grpc_status.h"
#include "server/api/context.h"

namespace quantd::api {

// Measures one call, from construction to End.
class CallTimer {
 public:
  // method: "JobService/GetJob", a literal.
  CallTimer(Metrics* metrics, const char* method)
      : metrics_(metrics), method_(method), start_(absl::Now()) {}

  // Counts the call; `status` for the wire.
  grpc::Status End(const absl::Status& status) const {
    metrics_->CountRpc(method_, absl::StatusCodeToString(status.code()),
                       absl::Now() - start_);
    return ToGrpcStatus(status);
  }

 private:
  Metrics* const metrics_;
  const char* const method_;
  const absl::Time start_;
};

// A unary call, answered in a thread of the executor. A call that its client
// has given up by then does no work.
class UnaryCall : public grpc::ServerUnaryReactor {
 public:
  UnaryCall(const Context& context, grpc::CallbackServerContext* grpc,
            const char* method, std::function<absl::Status()> handler)
      : grpc_(grpc),
        timer_(context.metrics, method),
        handler_(std::move(handler)) {
    context.executor->Run([this] { Answer(); });
  }

  void OnDone() override { delete this; }

 private:
  void Answer() {
    const absl::Status status =
        grpc_->IsCancelled() ? absl::CancelledError("cancelled by the client")
                             : handler_();
    Finish(timer_.End(status));
  }

  grpc::CallbackServerContext* const grpc_;
  const CallTimer timer_;
  const std::function<absl::Status()> handler_;
};

}  // namespace quantd::api

#endif  // QUANTD_SERVER_API_CALL_H_
