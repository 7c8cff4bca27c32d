#include "server/api/long_poll.h"

#include <memory>
#include <optional>
#include <utility>

namespace quantd::api {

grpc::ServerUnaryReactor* LongPoll::Start(Options options) {
  auto* const poll = new LongPoll(std::move(options));
  const std::shared_ptr<State> state = poll->state_;
  Executor* const executor = poll->options_.context.executor;
  {
    absl::MutexLock lock(&state->mutex);
    state->reactor = poll;
    poll->subscription_ = poll->options_.context.jobs->notifier()->Subscribe(
        poll->options_.topic,
        [state, executor] { executor->Run([state] { Try(state, false); }); });
  }
  executor->RunAfter(poll->options_.timeout, [state] { Try(state, true); });
  executor->Run([state] { Try(state, false); });
  return poll;
}

void LongPoll::Try(const std::shared_ptr<State>& state, bool last) {
  absl::MutexLock lock(&state->mutex);
  LongPoll* const poll = state->reactor;
  if (poll == nullptr) return;
  const std::optional<absl::Status> status = poll->options_.answer(last);
  if (!status.has_value()) return;
  state->reactor = nullptr;
  poll->End(*status);
}

void LongPoll::OnCancel() {
  // Not here: gRPC's thread must not wait for an answer in the making.
  options_.context.executor->Run([state = state_] {
    absl::MutexLock lock(&state->mutex);
    LongPoll* const poll = state->reactor;
    if (poll == nullptr) return;
    state->reactor = nullptr;
    poll->End(absl::CancelledError("cancelled by the client"));
  });
}

void LongPoll::End(const absl::Status& status) {
  options_.context.jobs->notifier()->Unsubscribe(subscription_);
  Finish(timer_.End(status));
}

}  // namespace quantd::api
