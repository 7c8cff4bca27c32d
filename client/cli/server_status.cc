// quantctl server status.
#include <ostream>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "client/cli/command.h"
#include "client/cli/command_context.h"
#include "client/cli/output/format.h"
#include "client/cli/output/json.h"

namespace quantd {
namespace {

std::string StartTime(int64_t unix_seconds) {
  google::protobuf::Timestamp time;
  time.set_seconds(unix_seconds);
  return FormatTime(time);
}

void AddServer(CommandContext& context, const v1::ServerInfo& info,
               Table* table) {
  table->AddRow({"server", context.address(), ""});
  table->AddRow({"ready", info.ready() ? "yes" : "no", ""});
  table->AddRow({"version", info.version(), ""});
  table->AddRow({"started", StartTime(info.start_time_unix_seconds()), ""});
  table->AddRow({"jobs queued", absl::StrCat(info.num_jobs_queued()), ""});
  table->AddRow({"jobs running", absl::StrCat(info.num_jobs_running()), ""});
  table->AddRow({"largest blob",
                 Cell(FormatBytes(info.max_blob_bytes()),
                      absl::StrCat(info.max_blob_bytes())),
                 ""});
}

void AddSlots(const v1::ServerInfo& info, Table* table) {
  for (const v1::WorkerSlot& slot : info.slots()) {
    std::string state = v1::WorkerSlot::State_Name(slot.state());
    if (!slot.job_id().empty()) absl::StrAppend(&state, " ", slot.job_id());
    table->AddRow(
        {"slot " + slot.device(), state,
         absl::StrCat("pid ", slot.pid(), ", ", slot.restarts(), " restarts")});
  }
}

absl::StatusOr<int> Run(CommandContext& context) {
  ASSIGN_OR_RETURN(Client * client, context.Connect());
  ASSIGN_OR_RETURN(const v1::ServerInfo info, client->GetServerInfo());
  if (context.json()) {
    PrintJson(info, &context.out());
    return 0;
  }
  if (context.name_only()) {
    context.out() << context.address() << "\n";
    return 0;
  }
  Table table({"", "", ""});
  AddServer(context, info, &table);
  AddSlots(info, &table);
  for (const SettingSource& setting : context.settings().sources) {
    table.AddRow({"setting " + setting.name,
                  setting.value.empty() ? "-" : setting.value, setting.source});
  }
  context.Print(table);
  return 0;
}

}  // namespace

Command ServerStatusCommand() {
  Command command;
  command.name = "server status";
  command.summary = "show the server, its slots and this client's settings";
  command.usage = "[flags]";
  command.details =
      "Every client setting is shown with its source: flag, environment, "
      "default.\n-o json prints the server's part.";
  command.examples = "quantctl server status --address 10.0.0.5:50051\n";
  command.allows_local = true;
  command.run = Run;
  return command;
}

}  // namespace quantd
