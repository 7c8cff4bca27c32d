// quantctl version.
#include "client/version.h"

#include <ostream>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "client/cli/command.h"
#include "client/cli/command_context.h"
#include "client/cli/output/json.h"
#include "google/protobuf/stubs/common.h"
#include "grpcpp/grpcpp.h"
#include "nlohmann/json.hpp"

namespace quantd {
namespace {

void PrintVersionsAsJson(CommandContext& context,
                         const absl::StatusOr<v1::ServerInfo>& server) {
  nlohmann::ordered_json json;
  json["client"] = kVersion;
  json["grpc"] = grpc::Version();
  json["protobuf"] =
      google::protobuf::internal::VersionString(GOOGLE_PROTOBUF_VERSION);
  json["server"] = server.ok() ? server->version() : "";
  json["serverLibraries"] = nlohmann::ordered_json::object();
  if (server.ok()) {
    for (const auto& [name, version] : server->libraries()) {
      json["serverLibraries"][name] = version;
    }
  }
  context.out() << json.dump(-1, ' ', false,
                             nlohmann::ordered_json::error_handler_t::replace)
                << "\n";
}

absl::StatusOr<int> Run(CommandContext& context) {
  if (context.name_only()) {
    context.out() << kVersion << "\n";
    return 0;
  }
  // A version is an answer even where no server runs.
  absl::StatusOr<v1::ServerInfo> server = absl::UnavailableError("");
  ASSIGN_OR_RETURN(Client * client, context.Connect());
  server = client->GetServerInfo();
  if (context.json()) {
    PrintVersionsAsJson(context, server);
    return 0;
  }
  Table table({"", ""});
  table.AddRow({"quantctl", kVersion});
  table.AddRow({"gRPC", grpc::Version()});
  table.AddRow({"protobuf", google::protobuf::internal::VersionString(
                                GOOGLE_PROTOBUF_VERSION)});
  table.AddRow({"quantd", server.ok() ? Cell(server->version())
                                      : Cell(absl::StrCat("not reached at ",
                                                          context.address()),
                                             "")});
  if (server.ok()) {
    std::map<std::string, std::string> sorted(server->libraries().begin(),
                                              server->libraries().end());
    for (const auto& [name, version] : sorted) {
      table.AddRow({"server " + name, version});
    }
  }
  context.Print(table);
  return 0;
}

}  // namespace

Command VersionCommand() {
  Command command;
  command.name = "version";
  command.summary = "print the versions of client and server";
  command.usage = "[flags]";
  command.details = "Also when no server can be reached.";
  command.examples = "quantctl version -o json\n";
  command.allows_local = true;
  command.run = Run;
  return command;
}

}  // namespace quantd
