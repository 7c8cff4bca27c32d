// What a command works with: its flags, the server, and where it prints.
#ifndef QUANTD_CLIENT_CLI_COMMAND_CONTEXT_H_
#define QUANTD_CLIENT_CLI_COMMAND_CONTEXT_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "client/cancel_token.h"
#include "client/cli/flags.h"
#include "client/cli/global_flags.h"
#include "client/cli/output/progress.h"
#include "client/cli/output/table.h"
#include "client/cli/streams.h"
#include "client/client.h"
#include "client/local_server.h"

namespace quantd {

// Lives for one command.
//
// Ownership: owns the connection and, with --local, the server.
// Threads: compatible; only `cancel` is touched by others.
class CommandContext {
 public:
  // The command's time runs from here. cancel: Ctrl-C; outlives this.
  CommandContext(ParsedFlags flags, GlobalSettings settings, Streams streams,
                 CancelToken* cancel);

  const ParsedFlags& flags() const { return flags_; }
  const GlobalSettings& settings() const { return settings_; }
  const Streams& streams() const { return streams_; }
  std::ostream& out() { return *streams_.out; }
  std::ostream& err() { return *streams_.err; }
  CancelToken* cancel() const { return cancel_; }

  bool json() const { return settings_.output == OutputFormat::kJson; }
  bool name_only() const { return settings_.output == OutputFormat::kName; }

  // The server; the first call makes the connection, and starts the private
  // server if --local was given.
  absl::StatusOr<Client*> Connect();

  // Where the server is: after Connect() with --local, its socket.
  const std::string& address() const { return address_; }

  // Aligned on a terminal, else tab-separated.
  void Print(const Table& table);

  Progress MakeProgress();

  // A line for people on stderr; nothing with --quiet.
  void Hint(const std::string& line);

  // The request id of a submit: --request-id, or a new one.
  std::string RequestId() const;

 private:
  const ParsedFlags flags_;
  const GlobalSettings settings_;
  const Streams streams_;
  CancelToken* const cancel_;
  const absl::Time deadline_;
  std::string address_;
  std::unique_ptr<LocalServer> local_server_;
  std::unique_ptr<Client> client_;
};

}  // namespace quantd

#endif  // QUANTD_CLIENT_CLI_COMMAND_CONTEXT_H_
