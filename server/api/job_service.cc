#include "server/api/job_service.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "server/api/call.h"
#include "server/api/job_watch.h"
#include "server/api/long_poll.h"
#include "server/jobs/job_state.h"

namespace quantd::api {
namespace {

constexpr double kDefaultWaitSeconds = 30;
constexpr double kMaxWaitSeconds = 300;

absl::Status CheckWait(double seconds) {
  if (seconds >= 0) return absl::OkStatus();  // Also not NaN.
  return Error(absl::StatusCode::kInvalidArgument, "OPTION_OUT_OF_RANGE",
               absl::StrCat("timeout_seconds is ", seconds,
                            "; it must be 0 (the default) or more"),
               {{"option", "timeout_seconds"},
                {"value", absl::StrCat(seconds)},
                {"allowed", ">= 0"}});
}

}  // namespace

grpc::ServerUnaryReactor* JobService::CreateJob(
    grpc::CallbackServerContext* grpc, const v1::CreateJobRequest* request,
    v1::Job* response) {
  return new UnaryCall(
      context_, grpc, "JobService/CreateJob",
      [this, request, response]() -> absl::Status {
        ASSIGN_OR_RETURN(
            *response,
            context_.jobs->Create(request->spec(), request->request_id()));
        return absl::OkStatus();
      });
}

grpc::ServerUnaryReactor* JobService::GetJob(grpc::CallbackServerContext* grpc,
                                             const v1::GetJobRequest* request,
                                             v1::Job* response) {
  return new UnaryCall(context_, grpc, "JobService/GetJob",
                       [this, request, response]() -> absl::Status {
                         ASSIGN_OR_RETURN(
                             storage::JobRow row,
                             context_.store->jobs()->Get(request->id()));
                         *response = std::move(*row.mutable_job());
                         return absl::OkStatus();
                       });
}

grpc::ServerUnaryReactor* JobService::ListJobs(
    grpc::CallbackServerContext* grpc, const v1::ListJobsRequest* request,
    v1::ListJobsResponse* response) {
  return new UnaryCall(
      context_, grpc, "JobService/ListJobs",
      [this, request, response]() -> absl::Status {
        storage::JobStore::ListOptions options;
        options.page_size = request->page_size();
        options.page_token = request->page_token();
        for (const int state : request->state_filter()) {
          options.state_filter.push_back(static_cast<v1::JobState>(state));
        }
        ASSIGN_OR_RETURN(storage::JobStore::Page page,
                         context_.store->jobs()->List(options));
        for (v1::Job& job : page.jobs) {
          *response->add_jobs() = std::move(job);
        }
        response->set_next_page_token(page.next_page_token);
        return absl::OkStatus();
      });
}

grpc::ServerUnaryReactor* JobService::CancelJob(
    grpc::CallbackServerContext* grpc, const v1::CancelJobRequest* request,
    v1::Job* response) {
  return new UnaryCall(context_, grpc, "JobService/CancelJob",
                       [this, request, response]() -> absl::Status {
                         ASSIGN_OR_RETURN(*response,
                                          context_.jobs->Cancel(request->id()));
                         return absl::OkStatus();
                       });
}

grpc::ServerUnaryReactor* JobService::DeleteJob(
    grpc::CallbackServerContext* grpc, const v1::DeleteJobRequest* request,
    v1::DeleteJobResponse*) {
  return new UnaryCall(context_, grpc, "JobService/DeleteJob", [this, request] {
    return context_.jobs->Delete(request->id());
  });
}

grpc::ServerUnaryReactor* JobService::WaitJob(grpc::CallbackServerContext*,
                                              const v1::WaitJobRequest* request,
                                              v1::Job* response) {
  const double seconds =
      request->timeout_seconds() == 0
          ? kDefaultWaitSeconds
          : std::min(request->timeout_seconds(), kMaxWaitSeconds);
  LongPoll::Options options;
  options.context = context_;
  options.method = "JobService/WaitJob";
  options.topic = request->id();
  options.timeout = absl::Seconds(std::max(seconds, 0.0));
  options.answer = [this, request,
                    response](bool last) -> std::optional<absl::Status> {
    if (absl::Status status = CheckWait(request->timeout_seconds());
        !status.ok()) {
      return status;
    }
    absl::StatusOr<storage::JobRow> row =
        context_.store->jobs()->Get(request->id());
    if (!row.ok()) return row.status();
    if (!last && !context_.jobs->draining() &&
        !jobs::IsTerminalState(row->job().state())) {
      return std::nullopt;
    }
    *response = std::move(*row->mutable_job());
    return absl::OkStatus();
  };
  return LongPoll::Start(std::move(options));
}

grpc::ServerWriteReactor<v1::JobEvent>* JobService::WatchJob(
    grpc::CallbackServerContext*, const v1::WatchJobRequest* request) {
  return JobWatch::Start(context_, request->id(), request->after_sequence());
}

grpc::ServerUnaryReactor* JobService::ListRecords(
    grpc::CallbackServerContext* grpc, const v1::ListRecordsRequest* request,
    v1::ListRecordsResponse* response) {
  return new UnaryCall(
      context_, grpc, "JobService/ListRecords",
      [this, request, response]() -> absl::Status {
        RETURN_IF_ERROR(
            context_.store->jobs()->Get(request->job_id()).status());
        ASSIGN_OR_RETURN(
            std::vector<v1::LayerRecord> records,
            context_.store->jobs()->ListRecords(request->job_id()));
        for (v1::LayerRecord& record : records) {
          *response->add_records() = std::move(record);
        }
        return absl::OkStatus();
      });
}

}  // namespace quantd::api
