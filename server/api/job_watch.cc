#include "server/api/job_watch.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/status_macros.h"
#include "server/jobs/job_state.h"

namespace quantd::api {
namespace {

constexpr int64_t kMaxPending = 100;

}  // namespace

JobWatch::JobWatch(const Context& context, std::string job_id,
                   int64_t after_sequence)
    : context_(context),
      job_id_(std::move(job_id)),
      timer_(context.metrics, "JobService/WatchJob"),
      last_sequence_(after_sequence) {}

JobWatch* JobWatch::Start(const Context& context, const std::string& job_id,
                          int64_t after_sequence) {
  auto* const watch = new JobWatch(context, job_id, after_sequence);
  const std::shared_ptr<State> state = watch->state_;
  Executor* const executor = context.executor;
  {
    absl::MutexLock lock(&state->mutex);
    state->reactor = watch;
    watch->subscription_ = context.jobs->notifier()->Subscribe(
        job_id, [state, executor] { executor->Run([state] { Step(state); }); });
  }
  executor->Run([state] { Step(state); });
  return watch;
}

void JobWatch::OnWriteDone(bool ok) {
  context_.executor->Run([state = state_, ok] {
    {
      absl::MutexLock lock(&state->mutex);
      if (state->reactor == nullptr) return;
      state->reactor->writing_ = false;
      state->reactor->cancelled_ |= !ok;
    }
    Step(state);
  });
}

void JobWatch::OnCancel() {
  context_.executor->Run([state = state_] {
    {
      absl::MutexLock lock(&state->mutex);
      if (state->reactor == nullptr) return;
      state->reactor->cancelled_ = true;
    }
    Step(state);
  });
}

void JobWatch::Step(const std::shared_ptr<State>& state) {
  absl::MutexLock lock(&state->mutex);
  if (state->reactor != nullptr) state->reactor->StepLocked();
}

void JobWatch::StepLocked() {
  if (writing_) return;
  if (cancelled_) return End(absl::CancelledError("cancelled by the client"));
  if (pending_.empty() && !at_end_) {
    if (const absl::Status status = Load(); !status.ok()) return End(status);
  }
  if (pending_.empty()) {
    if (at_end_) End(absl::OkStatus());
    return;
  }
  current_ = std::move(pending_.front());
  pending_.pop_front();
  last_sequence_ = current_.sequence();
  writing_ = true;
  StartWrite(&current_);
}

absl::Status JobWatch::Load() {
  // The state first: events that follow the read of it are told by a notice.
  ASSIGN_OR_RETURN(const storage::JobRow row,
                   context_.store->jobs()->Get(job_id_));
  ASSIGN_OR_RETURN(
      std::vector<v1::JobEvent> events,
      context_.store->jobs()->ReadEvents(job_id_, last_sequence_, kMaxPending));
  for (v1::JobEvent& event : events) pending_.push_back(std::move(event));
  const int64_t read =
      pending_.empty() ? last_sequence_ : pending_.back().sequence();
  at_end_ = jobs::IsTerminalState(row.job().state()) &&
            read >= row.job().last_sequence();
  if (pending_.empty() && !at_end_ && context_.jobs->draining()) {
    return Error(absl::StatusCode::kUnavailable, "SHUTTING_DOWN",
                 "the server is shutting down; watch again when it is back");
  }
  return absl::OkStatus();
}

void JobWatch::End(const absl::Status& status) {
  context_.jobs->notifier()->Unsubscribe(subscription_);
  state_->mutex.AssertHeld();
  state_->reactor = nullptr;
  Finish(timer_.End(status));
}

}  // namespace quantd::api
