#include "client/cancel_token.h"

namespace quantd {

void CancelToken::Cancel() {
  absl::MutexLock lock(&mutex_);
  cancelled_ = true;
  for (grpc::ClientContext* context : active_) context->TryCancel();
}

bool CancelToken::cancelled() const {
  absl::MutexLock lock(&mutex_);
  return cancelled_;
}

bool CancelToken::SleepFor(absl::Duration duration) const {
  absl::MutexLock lock(&mutex_);
  return !mutex_.AwaitWithTimeout(absl::Condition(&cancelled_), duration);
}

CancelScope::CancelScope(CancelToken* token, grpc::ClientContext* context)
    : token_(token), context_(context) {
  if (token_ == nullptr) return;
  absl::MutexLock lock(&token_->mutex_);
  token_->active_.insert(context_);
  if (token_->cancelled_) context_->TryCancel();
}

CancelScope::~CancelScope() {
  if (token_ == nullptr) return;
  absl::MutexLock lock(&token_->mutex_);
  token_->active_.erase(context_);
}

}  // namespace quantd
