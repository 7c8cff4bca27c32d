// A client stream that is taken in piece by piece.
#ifndef QUANTD_SERVER_API_UPLOAD_CALL_H_
#define QUANTD_SERVER_API_UPLOAD_CALL_H_

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "grpcpp/server_context.h"
#include "grpcpp/support/server_callback.h"
#include "server/api/call.h"
#include "server/api/context.h"

namespace quantd::api {

// Reads message after message, and hands each to OnMessage in a thread of the
// executor, never two at a time.
//
// Ownership: deletes itself when gRPC is done with it.
// Memory: one message.
template <typename Request>
class UploadCall : public grpc::ServerReadReactor<Request> {
 public:
  // Longest time of one call; the upload resumes with the next.
  static constexpr absl::Duration kMaxTime = absl::Hours(1);

  UploadCall(const Context& context, grpc::CallbackServerContext* grpc,
             const char* method)
      : context_(context),
        grpc_(grpc),
        timer_(context.metrics, method),
        end_(absl::Now() + kMaxTime) {
    this->StartRead(&request_);
  }

  void OnReadDone(bool ok) final {
    context_.executor->Run([this, ok] { Step(ok); });
  }
  void OnDone() final { delete this; }

 protected:
  // Takes one message. True: the call is complete, nothing more is read.
  virtual absl::StatusOr<bool> OnMessage(const Request& request) = 0;
  // The client ended its stream before that; fills the response.
  virtual absl::Status OnHalfClose() = 0;
  // Right before the answer: releases what it holds. Called once.
  virtual void OnEnd(const absl::Status& status) = 0;

  const Context& context() const { return context_; }

 private:
  void Step(bool ok) {
    if (grpc_->IsCancelled()) {
      return End(absl::CancelledError("cancelled by the client"));
    }
    if (!ok) return End(OnHalfClose());
    const absl::StatusOr<bool> complete = OnMessage(request_);
    if (!complete.ok()) return End(complete.status());
    if (*complete) return End(absl::OkStatus());
    if (absl::Now() > end_) {
      return End(absl::DeadlineExceededError(
          "an upload call may last an hour; resume with another"));
    }
    this->StartRead(&request_);
  }

  void End(const absl::Status& status) {
    OnEnd(status);
    this->Finish(timer_.End(status));
  }

  const Context context_;
  grpc::CallbackServerContext* const grpc_;
  const CallTimer timer_;
  const absl::Time end_;
  Request request_;
};

}  // namespace quantd::api

#endif  // QUANTD_SERVER_API_UPLOAD_CALL_H_
