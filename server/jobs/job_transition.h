// Steps in a job's life as changes of its row: the only code that sets a
// state.
#ifndef QUANTD_SERVER_JOBS_JOB_TRANSITION_H_
#define QUANTD_SERVER_JOBS_JOB_TRANSITION_H_

#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "google/protobuf/timestamp.pb.h"
#include "proto/quantd/v1/job.pb.h"
#include "storage/job_store.h"

namespace quantd::jobs {

google::protobuf::Timestamp ToProto(absl::Time time);
absl::Time FromProto(const google::protobuf::Timestamp& timestamp);

// The event of a state, to be numbered by the store.
v1::JobEvent StateEvent(v1::JobState state, absl::Time now);

// Moves the job of `change` to `to` and appends the event. A move to QUEUED
// clears progress and token; one to a terminal state sets end_time and clears
// the token. `error` is kept beside FAILED and CANCELLED, and else ignored.
// Errors: INTERNAL, ILLEGAL_TRANSITION if the table of job_state.h does not
// have it: our own bug, nothing is changed.
absl::Status Transition(v1::JobState to, absl::Time now,
                        const absl::Status& error, storage::JobChange* change);

// Appends a line of the job's log.
void AppendLog(const std::string& line, absl::Time now,
               storage::JobChange* change);

// What a job that a user cancelled ends with.
absl::Status CancelledByUser();

}  // namespace quantd::jobs

#endif  // QUANTD_SERVER_JOBS_JOB_TRANSITION_H_
