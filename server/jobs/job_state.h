// The states of a job and the only moves between them.
// Not here: when a move happens (job_manager.h).
#ifndef QUANTD_SERVER_JOBS_JOB_STATE_H_
#define QUANTD_SERVER_JOBS_JOB_STATE_H_

#include <string>

#include "proto/quantd/v1/job.pb.h"

namespace quantd::jobs {

//              Create
//                |
//                v     lease               report, commit
//   +--------- QUEUED --------> PREPARING ----------------> RUNNING
//   |          ^  |                | | |                     | | |
//   |          |  +- cannot start -+-|-+----- too many ------+ | | commit
//   |          |                 |   |   |    lost attempts    | |
//   |          |                 v   |   |                     | |
//   |          |               FAILED <--+---- commit, error --+ +-> SUCCEEDED
//   |          |                     |                         |
//   |          +---- attempt lost ---+-------------------------+
//   | cancel                         | cancel                  | cancel
//   v                                v                         v
//   CANCELLED <----------------- CANCELLING <------------------+
//                worker stopped
//
// SUCCEEDED, FAILED and CANCELLED are terminal: nothing leaves them. A state
// may not follow itself.
bool IsLegalTransition(v1::JobState from, v1::JobState to);

// SUCCEEDED, FAILED, CANCELLED.
bool IsTerminalState(v1::JobState state);

// "QUEUED", ...; the number for a value out of the enum.
std::string JobStateName(v1::JobState state);

}  // namespace quantd::jobs

#endif  // QUANTD_SERVER_JOBS_JOB_STATE_H_
