// JobService.WatchJob: a job's events, those there are and those to come.
#ifndef QUANTD_SERVER_API_JOB_WATCH_H_
#define QUANTD_SERVER_API_JOB_WATCH_H_

#include <cstdint>
#include <deque>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "grpcpp/support/server_callback.h"
#include "proto/quantd/v1/job.pb.h"
#include "server/api/call.h"
#include "server/api/context.h"

namespace quantd::api {

// Sends events in order, one at a time, as fast as the client takes them; ends
// after the one with the terminal state, with UNAVAILABLE (SHUTTING_DOWN) when
// the server stops, with NOT_FOUND when the job is deleted.
//
// Ownership: deletes itself when gRPC is done with it.
// Memory: at most 100 events.
class JobWatch : public grpc::ServerWriteReactor<v1::JobEvent> {
 public:
  // To be returned by the handler. after_sequence: as in WatchJobRequest.
  static JobWatch* Start(const Context& context, const std::string& job_id,
                         int64_t after_sequence);

  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override { delete this; }

 private:
  // What tasks and the subscription hold; may outlive the reactor. `reactor`
  // is null from Finish on; its members below are guarded by `mutex`.
  struct State {
    absl::Mutex mutex;
    JobWatch* reactor ABSL_GUARDED_BY(mutex) = nullptr;
  };

  JobWatch(const Context& context, std::string job_id, int64_t after_sequence);
  // Sends the next event, or ends, or waits.
  static void Step(const std::shared_ptr<State>& state);
  void StepLocked();
  // Reads events into `pending_`. OK: there are some, or one must wait.
  absl::Status Load();
  void End(const absl::Status& status);

  const Context context_;
  const std::string job_id_;
  const CallTimer timer_;
  const std::shared_ptr<State> state_ = std::make_shared<State>();
  int64_t subscription_ = 0;
  int64_t last_sequence_;
  std::deque<v1::JobEvent> pending_;
  v1::JobEvent current_;  // Being written.
  bool writing_ = false;
  bool cancelled_ = false;
  bool at_end_ = false;  // No event will follow those of `pending_`.
};

}  // namespace quantd::api

#endif  // QUANTD_SERVER_API_JOB_WATCH_H_
