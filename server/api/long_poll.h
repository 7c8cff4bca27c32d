// A unary call that waits: for a job to end, for work to lease.
#ifndef QUANTD_SERVER_API_LONG_POLL_H_
#define QUANTD_SERVER_API_LONG_POLL_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "grpcpp/support/server_callback.h"
#include "server/api/call.h"
#include "server/api/context.h"

namespace quantd::api {

// Tries to answer now, whenever `topic` is notified, and a last time when the
// wait is over. Holds no thread meanwhile.
//
// Ownership: deletes itself when gRPC is done with it.
class LongPoll : public grpc::ServerUnaryReactor {
 public:
  struct Options {
    Context context;
    const char* method = "";
    // Of JobNotifier.
    std::string topic;
    absl::Duration timeout;
    // Fills the response; nullopt: not yet. With `last` it must answer. Not
    // called any more once the client has given up.
    std::function<std::optional<absl::Status>(bool last)> answer;
  };

  // To be returned by the handler.
  static grpc::ServerUnaryReactor* Start(Options options);

  void OnCancel() override;
  void OnDone() override { delete this; }

 private:
  // What timers and subscriptions hold; may outlive the reactor.
  struct State {
    absl::Mutex mutex;
    LongPoll* reactor ABSL_GUARDED_BY(mutex) = nullptr;  // Until Finish.
  };

  explicit LongPoll(Options options)
      : options_(std::move(options)),
        timer_(options_.context.metrics, options_.method) {}
  static void Try(const std::shared_ptr<State>& state, bool last);
  void End(const absl::Status& status);

  const Options options_;
  const CallTimer timer_;
  std::shared_ptr<State> state_ = std::make_shared<State>();
  int64_t subscription_ = 0;
};

}  // namespace quantd::api

#endif  // QUANTD_SERVER_API_LONG_POLL_H_
