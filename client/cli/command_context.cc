#include "client/cli/command_context.h"

#include <ostream>
#include <utility>

#include "absl/time/clock.h"
#include "base/random_id.h"
#include "base/status_macros.h"

namespace quantd {

CommandContext::CommandContext(ParsedFlags flags, GlobalSettings settings,
                               Streams streams, CancelToken* cancel)
    : flags_(std::move(flags)),
      settings_(std::move(settings)),
      streams_(std::move(streams)),
      cancel_(cancel),
      deadline_(absl::Now() + settings_.timeout),
      address_(settings_.address) {}

absl::StatusOr<Client*> CommandContext::Connect() {
  if (client_ != nullptr) return client_.get();
  if (settings_.local) {
    ASSIGN_OR_RETURN(local_server_, LocalServer::Start(cancel_));
    address_ = local_server_->address();
  }
  Client::Options options;
  options.channel = settings_.channel;
  options.deadline = deadline_;
  options.cancel = cancel_;
  ASSIGN_OR_RETURN(client_, Client::Connect(address_, options));
  return client_.get();
}

void CommandContext::Print(const Table& table) {
  table.Print(streams_.out_terminal, settings_.color, streams_.out);
}

Progress CommandContext::MakeProgress() {
  Progress::Options options;
  options.terminal = streams_.err_terminal;
  options.quiet = settings_.quiet;
  return Progress(options, streams_.err);
}

void CommandContext::Hint(const std::string& line) {
  if (!settings_.quiet) err() << line << "\n" << std::flush;
}

std::string CommandContext::RequestId() const {
  return settings_.request_id.empty() ? RandomUuid() : settings_.request_id;
}

}  // namespace quantd
