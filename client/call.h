// One unary call: deadline, cancellation, status. For this library only.
#ifndef QUANTD_CLIENT_CALL_H_
#define QUANTD_CLIENT_CALL_H_

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "client/cancel_token.h"
#include "client/retry.h"
#include "grpcpp/client_context.h"
#include "proto/rpc/grpc_status.h"

namespace quantd {

enum class Repeat { kNever, kOnUnavailable };

// Calls `method` of `stub`. deadline: of each attempt.
// Errors: the call's, with reason and metadata.
template <typename Stub, typename Request, typename Response>
absl::Status CallUnary(Stub* stub,
                       grpc::Status (Stub::*method)(grpc::ClientContext*,
                                                    const Request&, Response*),
                       const Request& request, Response* response,
                       absl::Time deadline, CancelToken* cancel,
                       Repeat repeat) {
  const auto once = [&] {
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(deadline));
    CancelScope scope(cancel, &context);
    response->Clear();
    return FromGrpcStatus((stub->*method)(&context, request, response));
  };
  if (repeat == Repeat::kNever) return once();
  return RetryIdempotent(cancel, once);
}

}  // namespace quantd

#endif  // QUANTD_CLIENT_CALL_H_
