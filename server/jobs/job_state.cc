#include "server/jobs/job_state.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace quantd::jobs {
namespace {

struct Transition {
  v1::JobState from;
  v1::JobState to;
};

// The one list.
constexpr Transition kTransitions[] = {
    {v1::JOB_STATE_QUEUED, v1::JOB_STATE_PREPARING},      // lease
    {v1::JOB_STATE_QUEUED, v1::JOB_STATE_CANCELLED},      // cancel
    {v1::JOB_STATE_QUEUED, v1::JOB_STATE_FAILED},         // cannot start
    {v1::JOB_STATE_PREPARING, v1::JOB_STATE_RUNNING},     // report, commit
    {v1::JOB_STATE_PREPARING, v1::JOB_STATE_QUEUED},      // attempt lost
    {v1::JOB_STATE_PREPARING, v1::JOB_STATE_FAILED},      // lost too often
    {v1::JOB_STATE_PREPARING, v1::JOB_STATE_CANCELLING},  // cancel
    {v1::JOB_STATE_RUNNING, v1::JOB_STATE_QUEUED},        // attempt lost
    {v1::JOB_STATE_RUNNING, v1::JOB_STATE_SUCCEEDED},     // commit
    {v1::JOB_STATE_RUNNING, v1::JOB_STATE_FAILED},        // commit, lost
    {v1::JOB_STATE_RUNNING, v1::JOB_STATE_CANCELLING},    // cancel
    {v1::JOB_STATE_CANCELLING, v1::JOB_STATE_CANCELLED},  // worker stopped
};

}  // namespace

bool IsLegalTransition(v1::JobState from, v1::JobState to) {
  for (const Transition& transition : kTransitions) {
    if (transition.from == from && transition.to == to) return true;
  }
  return false;
}

bool IsTerminalState(v1::JobState state) {
  return state == v1::JOB_STATE_SUCCEEDED || state == v1::JOB_STATE_FAILED ||
         state == v1::JOB_STATE_CANCELLED;
}

std::string JobStateName(v1::JobState state) {
  const std::string& name = v1::JobState_Name(state);
  if (name.empty()) return absl::StrCat(static_cast<int>(state));
  return std::string(absl::StripPrefix(name, "JOB_STATE_"));
}

}  // namespace quantd::jobs
