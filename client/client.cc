#include "client/client.h"

#include <algorithm>
#include <utility>

#include "absl/time/clock.h"
#include "base/status_macros.h"
#include "client/call.h"
#include "client/retry.h"

namespace quantd {
namespace {

constexpr int kPageSize = 500;
constexpr double kWaitSeconds = 20;

}  // namespace

bool IsTerminal(v1::JobState state) {
  return state == v1::JOB_STATE_SUCCEEDED || state == v1::JOB_STATE_FAILED ||
         state == v1::JOB_STATE_CANCELLED;
}

Client::Client(std::shared_ptr<grpc::Channel> channel, Options options)
    : channel_(std::move(channel)),
      options_(std::move(options)),
      jobs_(v1::JobService::NewStub(channel_)),
      server_(v1::ServerService::NewStub(channel_)) {}

absl::StatusOr<std::unique_ptr<Client>> Client::Connect(
    const std::string& address, Options options) {
  ASSIGN_OR_RETURN(auto channel, MakeChannel(address, options.channel));
  return std::unique_ptr<Client>(
      new Client(std::move(channel), std::move(options)));
}

absl::Time Client::CallDeadline(absl::Duration timeout) const {
  return std::min(options_.deadline, absl::Now() + timeout);
}

absl::StatusOr<v1::Job> Client::CreateJob(const v1::JobSpec& spec,
                                          const std::string& request_id) {
  v1::CreateJobRequest request;
  *request.mutable_spec() = spec;
  request.set_request_id(request_id);
  v1::Job job;
  RETURN_IF_ERROR(
      CallUnary(jobs_.get(), &v1::JobService::Stub::CreateJob, request, &job,
                CallDeadline(options_.call_timeout), options_.cancel,
                request_id.empty() ? Repeat::kNever : Repeat::kOnUnavailable));
  return job;
}

absl::StatusOr<v1::Job> Client::GetJob(const std::string& id) {
  v1::GetJobRequest request;
  request.set_id(id);
  v1::Job job;
  RETURN_IF_ERROR(CallUnary(jobs_.get(), &v1::JobService::Stub::GetJob, request,
                            &job, CallDeadline(options_.call_timeout),
                            options_.cancel, Repeat::kOnUnavailable));
  return job;
}

absl::StatusOr<std::vector<v1::Job>> Client::ListJobs(
    int64_t limit, const std::vector<v1::JobState>& states) {
  v1::ListJobsRequest request;
  for (v1::JobState state : states) request.add_state_filter(state);
  std::vector<v1::Job> jobs;
  do {
    // The page size is bound to the token by some servers: keep it.
    request.set_page_size(limit > 0 ? std::min<int64_t>(limit, kPageSize)
                                    : kPageSize);
    v1::ListJobsResponse response;
    RETURN_IF_ERROR(CallUnary(jobs_.get(), &v1::JobService::Stub::ListJobs,
                              request, &response,
                              CallDeadline(options_.call_timeout),
                              options_.cancel, Repeat::kOnUnavailable));
    for (v1::Job& job : *response.mutable_jobs()) {
      if (limit > 0 && static_cast<int64_t>(jobs.size()) == limit) return jobs;
      jobs.push_back(std::move(job));
    }
    request.set_page_token(response.next_page_token());
    if (limit > 0 && static_cast<int64_t>(jobs.size()) == limit) break;
  } while (!request.page_token().empty());
  return jobs;
}

absl::StatusOr<v1::Job> Client::CancelJob(const std::string& id) {
  v1::CancelJobRequest request;
  request.set_id(id);
  v1::Job job;
  RETURN_IF_ERROR(CallUnary(jobs_.get(), &v1::JobService::Stub::CancelJob,
                            request, &job, CallDeadline(options_.call_timeout),
                            options_.cancel, Repeat::kOnUnavailable));
  return job;
}

absl::Status Client::DeleteJob(const std::string& id) {
  v1::DeleteJobRequest request;
  request.set_id(id);
  v1::DeleteJobResponse response;
  // A repeated delete would end with NOT_FOUND: not retried.
  return CallUnary(jobs_.get(), &v1::JobService::Stub::DeleteJob, request,
                   &response, CallDeadline(options_.call_timeout),
                   options_.cancel, Repeat::kNever);
}

absl::StatusOr<v1::Job> Client::WaitJob(const std::string& id) {
  v1::WaitJobRequest request;
  request.set_id(id);
  request.set_timeout_seconds(kWaitSeconds);
  v1::Job job;
  do {
    RETURN_IF_ERROR(CallUnary(
        jobs_.get(), &v1::JobService::Stub::WaitJob, request, &job,
        CallDeadline(absl::Seconds(kWaitSeconds) + options_.call_timeout),
        options_.cancel, Repeat::kOnUnavailable));
  } while (!IsTerminal(job.state()));
  return job;
}

absl::Status Client::WatchOnce(const std::string& id, EventVisitor visitor,
                               int64_t* after, bool* finished) {
  v1::WatchJobRequest request;
  request.set_id(id);
  request.set_after_sequence(*after);
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(options_.deadline));
  CancelScope scope(options_.cancel, &context);
  auto stream = jobs_->WatchJob(&context, request);
  v1::JobEvent event;
  while (stream->Read(&event)) {
    if (event.sequence() <= *after) continue;  // Seen already.
    *after = event.sequence();
    const bool go_on = visitor(event);
    *finished = !go_on || (event.event_case() == v1::JobEvent::kState &&
                           IsTerminal(event.state()));
    if (*finished) {
      context.TryCancel();
      stream->Finish();
      return absl::OkStatus();
    }
  }
  return FromGrpcStatus(stream->Finish());
}

absl::Status Client::WatchJob(const std::string& id, int64_t after,
                              EventVisitor visitor) {
  absl::Time give_up = absl::InfiniteFuture();
  for (int failures = 0;;) {
    const int64_t before = after;
    bool finished = false;
    const absl::Status status = WatchOnce(id, visitor, &after, &finished);
    if (finished) return absl::OkStatus();
    if (!status.ok() && !absl::IsUnavailable(status)) return status;
    if (status.ok()) {
      // An early, orderly end: either there was nothing left to say, or the
      // connection reached its age.
      ASSIGN_OR_RETURN(const v1::Job job, GetJob(id));
      if (IsTerminal(job.state()) && job.last_sequence() <= after) {
        return absl::OkStatus();
      }
    }
    if (status.ok() || after > before) {
      failures = 0;
      give_up = absl::Now() + options_.reconnect;
    }
    if (failures++ == 0) give_up = absl::Now() + options_.reconnect;
    const absl::Time now = absl::Now();
    if (now >= give_up) return status;
    if (now >= options_.deadline) {
      return absl::DeadlineExceededError("the deadline passed while watching");
    }
    const absl::Duration delay = RetryDelay(failures);
    if (options_.cancel == nullptr) {
      absl::SleepFor(delay);
    } else if (!options_.cancel->SleepFor(delay)) {
      return absl::CancelledError("cancelled while watching");
    }
  }
}

absl::StatusOr<std::vector<v1::LayerRecord>> Client::ListRecords(
    const std::string& job_id) {
  v1::ListRecordsRequest request;
  request.set_job_id(job_id);
  v1::ListRecordsResponse response;
  RETURN_IF_ERROR(CallUnary(jobs_.get(), &v1::JobService::Stub::ListRecords,
                            request, &response,
                            CallDeadline(options_.call_timeout),
                            options_.cancel, Repeat::kOnUnavailable));
  return std::vector<v1::LayerRecord>(response.records().begin(),
                                      response.records().end());
}

absl::StatusOr<v1::ServerInfo> Client::GetServerInfo() {
  v1::ServerInfo info;
  RETURN_IF_ERROR(CallUnary(
      server_.get(), &v1::ServerService::Stub::GetServerInfo,
      v1::GetServerInfoRequest(), &info, CallDeadline(options_.call_timeout),
      options_.cancel, Repeat::kOnUnavailable));
  return info;
}

}  // namespace quantd
