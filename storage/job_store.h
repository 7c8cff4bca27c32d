// Jobs, their events and their layers' records: rows that survive a crash.
// Not here: which state may follow which (server/jobs), RocksDB itself
// (database.h).
#ifndef QUANTD_STORAGE_JOB_STORE_H_
#define QUANTD_STORAGE_JOB_STORE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "proto/quantd/v1/job.pb.h"
#include "storage/database.h"
#include "storage/job_row.pb.h"
#include "storage/lock_stripes.h"

namespace quantd::storage {

// True in SUCCEEDED, FAILED and CANCELLED.
bool IsTerminal(v1::JobState state);

// What one update writes, all of it or nothing.
struct JobChange {
  // In: as stored. Out: as it shall be. id, create_sequence, request_id and
  // last_sequence are the store's; changes to them are ignored.
  JobRow row;
  // To append; the store sets their sequence (and job.last_sequence).
  std::vector<v1::JobEvent> events;
  // Set: replaces all records of the job. In network order.
  std::optional<std::vector<v1::LayerRecord>> records;
  // False: may be lost with power (not with the process). For progress only.
  bool sync = true;
};

// Threads: safe. Updates of one job are serialized; reads do not wait.
//
// Errors of all methods besides those named: NOT_FOUND, JOB_NOT_FOUND;
// UNAVAILABLE, STORE_READ_ONLY; RESOURCE_EXHAUSTED, DISK_FULL; DATA_LOSS,
// STORE_CORRUPT. After an error nothing was written.
//
// Example:
//   RETURN_IF_ERROR(jobs->UpdateIf(id, token, [&](JobChange* change) {
//     change->row.mutable_job()->set_state(v1::JOB_STATE_RUNNING);
//     change->events.push_back(StateEvent(v1::JOB_STATE_RUNNING));
//     return absl::OkStatus();
//   }).status());
class JobStore {
 public:
  struct CreateResult {
    JobRow row;
    // False: the request id was known, `row` is the job it made.
    bool created = false;
  };
  struct ListOptions {
    // 0: 50; more than 1000 is 1000; negative: INVALID_ARGUMENT.
    int page_size = 0;
    // From the previous page, with the same state_filter.
    std::string page_token;
    // Empty: all.
    std::vector<v1::JobState> state_filter;
  };
  struct Page {
    std::vector<v1::Job> jobs;
    // Empty: the end.
    std::string next_page_token;
  };

  // Matches every token in UpdateIf.
  static constexpr int64_t kAnyToken = -1;

  // Use Store. `database` must outlive this. Reads the counters.
  static absl::StatusOr<std::unique_ptr<JobStore>> Open(Database* database);

  // Stores a new job with its first events (synced); sets create_sequence and
  // the events' sequence. The caller sets job.id, .spec, .state, .create_time.
  // request_id: empty, or at most 64 printable ASCII characters.
  // Errors: INVALID_ARGUMENT, REQUEST_ID_REUSED if the request id made a job of
  // another `spec_digest`; ALREADY_EXISTS, RESOURCE_EXISTS if the job id is
  // taken.
  absl::StatusOr<CreateResult> Create(const v1::Job& job,
                                      const std::string& request_id,
                                      const std::string& spec_digest,
                                      std::vector<v1::JobEvent> events = {});

  absl::StatusOr<JobRow> Get(const std::string& id) const;

  // Newest first; jobs created meanwhile do not shift the pages.
  // Errors: INVALID_ARGUMENT, PAGE_TOKEN_INVALID for a token that is forged or
  // of another filter; INVALID_ARGUMENT, OPTION_OUT_OF_RANGE.
  absl::StatusOr<Page> List(const ListOptions& options) const;

  // Reads the job, lets `mutate` change it, writes the result in one batch;
  // returns the row as written. No other update of the job comes between.
  // `mutate` must not call the store; its error is returned and nothing is
  // written. Errors: ABORTED, STALE_ATTEMPT unless the stored lease_token is
  // `expected_token` (or that is kAnyToken).
  absl::StatusOr<JobRow> UpdateIf(
      const std::string& id, int64_t expected_token,
      const std::function<absl::Status(JobChange*)>& mutate);

  // Forgets the job, its records, events and request id (synced), in any state.
  absl::Status Delete(const std::string& id);

  // All jobs that are not terminal, oldest first.
  absl::StatusOr<std::vector<JobRow>> LoadActive() const;

  // A fencing token: larger than all before, also before a restart. >= 1.
  absl::StatusOr<int64_t> NextToken();

  // At most `max_events` events with a sequence above `after_sequence`, in
  // order.
  absl::StatusOr<std::vector<v1::JobEvent>> ReadEvents(
      const std::string& id, int64_t after_sequence, int64_t max_events) const;

  // In network order; empty before the job has any.
  absl::StatusOr<std::vector<v1::LayerRecord>> ListRecords(
      const std::string& id) const;

  // Forgets request ids of jobs created before `before`; returns how many.
  absl::StatusOr<int64_t> CollectRequests(absl::Time before);

 private:
  explicit JobStore(Database* database) : database_(database) {}

  absl::Status LoadCounters();
  int64_t NextCreateSequence();
  // The job that `request_id` made; NOT_FOUND if it is new.
  absl::StatusOr<JobRow> FindByRequest(const std::string& request_id,
                                       const std::string& spec_digest) const;

  Database* const database_;
  // Order: a job's lock before a request's before mutex_.
  LockStripes job_locks_;
  LockStripes request_locks_;
  absl::Mutex mutex_;
  int64_t next_create_sequence_ ABSL_GUARDED_BY(mutex_) = 1;
  int64_t next_token_ ABSL_GUARDED_BY(mutex_) = 1;
  // Tokens below this are reserved on disk.
  int64_t token_limit_ ABSL_GUARDED_BY(mutex_) = 1;
};

}  // namespace quantd::storage

#endif  // QUANTD_STORAGE_JOB_STORE_H_
