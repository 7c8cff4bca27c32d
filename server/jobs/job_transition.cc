#include "server/jobs/job_transition.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "proto/rpc/job_error.h"
#include "server/jobs/job_state.h"

namespace quantd::jobs {

google::protobuf::Timestamp ToProto(absl::Time time) {
  google::protobuf::Timestamp timestamp;
  const int64_t nanos = absl::ToUnixNanos(time);
  timestamp.set_seconds(nanos / 1000000000);
  timestamp.set_nanos(static_cast<int32_t>(nanos % 1000000000));
  return timestamp;
}

absl::Time FromProto(const google::protobuf::Timestamp& timestamp) {
  return absl::FromUnixSeconds(timestamp.seconds()) +
         absl::Nanoseconds(timestamp.nanos());
}

v1::JobEvent StateEvent(v1::JobState state, absl::Time now) {
  v1::JobEvent event;
  *event.mutable_time() = ToProto(now);
  event.set_state(state);
  return event;
}

absl::Status Transition(v1::JobState to, absl::Time now,
                        const absl::Status& error, storage::JobChange* change) {
  v1::Job* job = change->row.mutable_job();
  if (!IsLegalTransition(job->state(), to)) {
    return Error(absl::StatusCode::kInternal, "ILLEGAL_TRANSITION",
                 absl::StrCat("job ", job->id(), " cannot go from ",
                              JobStateName(job->state()), " to ",
                              JobStateName(to), "; please report this"),
                 {{"job", job->id()},
                  {"from", JobStateName(job->state())},
                  {"to", JobStateName(to)}});
  }
  v1::JobEvent event = StateEvent(to, now);
  job->set_state(to);
  if (to == v1::JOB_STATE_QUEUED) {
    job->clear_progress();
    change->row.set_lease_token(0);
  }
  if (IsTerminalState(to)) {
    *job->mutable_end_time() = ToProto(now);
    change->row.set_lease_token(0);
    if (to != v1::JOB_STATE_SUCCEEDED) {
      *job->mutable_error() = ToJobError(error);
      *event.mutable_error() = job->error();
    }
  }
  change->events.push_back(std::move(event));
  return absl::OkStatus();
}

void AppendLog(const std::string& line, absl::Time now,
               storage::JobChange* change) {
  v1::JobEvent event;
  *event.mutable_time() = ToProto(now);
  event.set_log(line);
  change->events.push_back(std::move(event));
}

absl::Status CancelledByUser() {
  return Error(absl::StatusCode::kCancelled, "CANCELLED_BY_USER",
               "cancelled by a user's request", {{"by", "user"}});
}

}  // namespace quantd::jobs
