#include "client/cli/follow_job.h"

#include <ostream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "client/cli/error_output.h"
#include "client/cli/exit_code.h"
#include "client/cli/output/format.h"
#include "proto/rpc/job_error.h"

namespace quantd {
namespace {

ProgressState ToProgressState(const v1::JobProgress& progress) {
  ProgressState state;
  state.label = progress.phase();
  state.done = progress.done();
  state.total = progress.total();
  if (progress.phase() == "BATCHNORM" || progress.phase() == "STATISTICS" ||
      progress.phase() == "EVALUATE") {
    state.unit = "batches";
  }
  if (progress.phase() == "TRAIN") state.unit = "iterations";
  if (progress.has_train()) {
    state.label = absl::StrFormat("TRAIN, loss %.4g", progress.train().loss());
  }
  state.images_per_second = progress.images_per_second();
  state.seconds_left = progress.seconds_left();
  return state;
}

void ShowEvent(CommandContext& context, const v1::JobEvent& event,
               Progress* progress) {
  switch (event.event_case()) {
    case v1::JobEvent::kProgress:
      progress->Update(ToProgressState(event.progress()));
      break;
    case v1::JobEvent::kState:
      if (!IsTerminal(event.state())) {
        progress->Update({StateName(event.state()), 0, 0, ""});
      }
      break;
    case v1::JobEvent::kWarning:
      progress->Clear();
      context.err() << "warning: " << event.warning().reason() << ": "
                    << event.warning().message() << "\n";
      break;
    default:
      break;
  }
}

// The private server goes away with this command: its job must stop first.
void CancelLocalJob(CommandContext& context, const std::string& id) {
  Client::Options options;
  options.call_timeout = absl::Seconds(2);
  auto client = Client::Connect(context.address(), options);
  if (client.ok()) (*client)->CancelJob(id).IgnoreError();
}

absl::Status AfterInterrupt(CommandContext& context, const std::string& id) {
  if (context.settings().local) {
    CancelLocalJob(context, id);
    return Interrupted("interrupted; the job and its private server stop");
  }
  const std::string flag =
      context.settings().sources.empty() ||
              context.settings().sources[0].source != "flag"
          ? ""
          : absl::StrCat(" --address ", context.settings().address);
  return Interrupted(absl::StrCat(
      "interrupted; job ", id, " goes on\nwatch it:  quantctl job watch ", id,
      flag, "\ncancel it: quantctl job cancel ", id, flag));
}

}  // namespace

absl::StatusOr<v1::Job> FollowJob(
    CommandContext& context, const std::string& id, int64_t after,
    absl::FunctionRef<bool(const v1::JobEvent&)> visitor) {
  ASSIGN_OR_RETURN(Client * client, context.Connect());
  absl::StatusOr<v1::Job> job;
  {
    Progress progress = context.MakeProgress();
    absl::Status watched =
        client->WatchJob(id, after, [&](const v1::JobEvent& event) {
          ShowEvent(context, event, &progress);
          return visitor(event);
        });
    job = watched.ok() ? client->GetJob(id) : std::move(watched);
  }
  if (!job.ok() && context.cancel() != nullptr &&
      context.cancel()->cancelled()) {
    return AfterInterrupt(context, id);
  }
  if (absl::IsDeadlineExceeded(job.status()) && !context.settings().local) {
    return Error(
        absl::StatusCode::kDeadlineExceeded, "WATCH_TIMEOUT",
        absl::StrCat("job ", id, " did not end within --timeout and ",
                     "goes on; watch it with `quantctl job watch ", id, "`"),
        {{"name", id}});
  }
  return job;
}

absl::StatusOr<v1::Job> RunJobOnServer(CommandContext& context,
                                       const v1::JobSpec& spec) {
  ASSIGN_OR_RETURN(Client * client, context.Connect());
  ASSIGN_OR_RETURN(const v1::Job job,
                   client->CreateJob(spec, context.RequestId()));
  if (!context.settings().local) context.Hint("job " + job.id());
  return FollowJob(context, job.id());
}

int ReportJobEnd(CommandContext& context, const v1::Job& job) {
  const int exit_code = ExitCodeOf(job.state());
  if (exit_code == kExitOk) return exit_code;
  absl::Status status = FromJobError(job.error());
  if (status.message().empty()) {
    status = Error(
        absl::StatusCode::kInternal, job.error().reason(),
        absl::StrCat("job ", job.id(), " ended ", StateName(job.state())));
  }
  ErrorOutputOptions options;
  options.json = context.json();
  options.color = context.settings().color && context.streams().err_terminal;
  options.address = context.address();
  PrintError(status, options, &context.err());
  return exit_code;
}

}  // namespace quantd
