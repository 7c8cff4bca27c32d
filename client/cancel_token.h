// Stops calls that are under way, from another thread.
// Not here: cancelling a job on the server (Client::CancelJob).
#ifndef QUANTD_CLIENT_CANCEL_TOKEN_H_
#define QUANTD_CLIENT_CANCEL_TOKEN_H_

#include <set>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "grpcpp/client_context.h"

namespace quantd {

// Once cancelled, always cancelled: running calls end with CANCELLED, later
// ones fail at once.
//
// Threads: safe.
// Lifetime: must outlive every CancelScope on it.
class CancelToken {
 public:
  // Idempotent. Not async-signal-safe: call it from a thread, see
  // client/cli/interrupt.h.
  void Cancel();
  bool cancelled() const;
  // Sleeps, at most until cancelled. Returns false when cancelled.
  bool SleepFor(absl::Duration duration) const;

 private:
  friend class CancelScope;

  mutable absl::Mutex mutex_;
  bool cancelled_ ABSL_GUARDED_BY(mutex_) = false;
  std::set<grpc::ClientContext*> active_ ABSL_GUARDED_BY(mutex_);
};

// Ties one call to a token for as long as the scope lives.
// token: may be null, then nothing happens.
class CancelScope {
 public:
  CancelScope(CancelToken* token, grpc::ClientContext* context);
  ~CancelScope();
  CancelScope(const CancelScope&) = delete;
  CancelScope& operator=(const CancelScope&) = delete;

 private:
  CancelToken* const token_;
  grpc::ClientContext* const context_;
};

}  // namespace quantd

#endif  // QUANTD_CLIENT_CANCEL_TOKEN_H_
