#include "client/cli/global_flags.h"

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace quantd {
namespace {

constexpr char kDefaultAddress[] = "127.0.0.1:50051";
constexpr size_t kMaxRequestId = 36;

absl::StatusOr<absl::Duration> ParseTimeout(const std::string& text) {
  absl::Duration duration;
  double seconds = 0;
  if (absl::SimpleAtod(text, &seconds)) {
    duration = absl::Seconds(seconds);
  } else if (!absl::ParseDuration(text, &duration)) {
    duration = absl::ZeroDuration();
  }
  if (duration <= absl::ZeroDuration()) {
    return UsageError(absl::StrCat("--timeout is \"", text,
                                   "\"; give a time such as 90s, 5m or 1h"));
  }
  return duration;
}

absl::StatusOr<OutputFormat> ParseOutput(const std::string& text) {
  if (text == "table") return OutputFormat::kTable;
  if (text == "json") return OutputFormat::kJson;
  if (text == "name") return OutputFormat::kName;
  return UsageError(
      absl::StrCat("--output is \"", text, "\"; give table, json or name"));
}

// Looks a setting up and notes where it came from.
class SettingReader {
 public:
  SettingReader(const ParsedFlags& flags, const Streams& streams,
                std::vector<SettingSource>* sources)
      : flags_(flags), streams_(streams), sources_(sources) {}

  // variable: of the environment; may be empty.
  std::string Read(const std::string& name, const std::string& variable,
                   const std::string& fallback) {
    std::string value = fallback;
    std::string source = "default";
    const std::string from_environment =
        variable.empty() ? "" : streams_.environment(variable);
    if (flags_.Has(name)) {
      value = flags_.Get(name);
      source = "flag";
    } else if (!from_environment.empty()) {
      value = from_environment;
      source = absl::StrCat("environment (", variable, ")");
    }
    sources_->push_back({name, value, source});
    return value;
  }

 private:
  const ParsedFlags& flags_;
  const Streams& streams_;
  std::vector<SettingSource>* const sources_;
};

}  // namespace

const std::vector<FlagSpec>& GlobalFlags() {
  static const auto* const flags = new std::vector<FlagSpec>{
      {"address", "HOST:PORT",
       "server, or unix:PATH; $QUANTCTL_ADDRESS; default 127.0.0.1:50051"},
      {"local", "",
       "start a private quantd and worker for this command, and stop them"},
      {"timeout", "TIME",
       "give up after this time (90s, 5m, 1h); a job goes on; default never"},
      {"output", "FORMAT",
       "-o: table (tab-separated in a pipe), json or name; default table",
       false, 'o'},
      {"quiet", "", "no progress and no hints"},
      {"no-color", "", "no colour; also by $NO_COLOR"},
      {"request-id", "UUID",
       "makes a repeated submit harmless; default: a new one per submit"},
      {"cacert", "FILE", "TLS: trust these certificates (PEM)"},
      {"cert", "FILE", "TLS: own certificate (PEM), with --key"},
      {"key", "FILE", "TLS: own private key (PEM), with --cert"},
      {"plaintext", "", "no TLS; the default on loopback and Unix sockets"},
      {"help", "", "-h: show the help of a command", false, 'h'},
  };
  return *flags;
}

absl::StatusOr<GlobalSettings> ReadGlobalSettings(const ParsedFlags& flags,
                                                  const Streams& streams) {
  GlobalSettings settings;
  SettingReader reader(flags, streams, &settings.sources);
  settings.address =
      reader.Read("address", "QUANTCTL_ADDRESS", kDefaultAddress);
  settings.local = reader.Read("local", "", "false") == "true";
  const std::string timeout = reader.Read("timeout", "", "never");
  if (flags.Has("timeout")) {
    ASSIGN_OR_RETURN(settings.timeout, ParseTimeout(timeout));
  }
  ASSIGN_OR_RETURN(settings.output,
                   ParseOutput(reader.Read("output", "", "table")));
  settings.quiet = reader.Read("quiet", "", "false") == "true";
  const bool no_color = !reader.Read("no-color", "NO_COLOR", "").empty();
  settings.color = streams.out_terminal && !no_color;
  settings.channel.ca_file = reader.Read("cacert", "", "");
  settings.channel.cert_file = reader.Read("cert", "", "");
  settings.channel.key_file = reader.Read("key", "", "");
  settings.channel.plaintext =
      reader.Read("plaintext", "",
                  IsLocalAddress(settings.address) ? "local" : "false") ==
      "true";
  settings.request_id = flags.Get("request-id");
  if (settings.request_id.size() > kMaxRequestId) {
    return UsageError("--request-id is longer than 36 characters; give a UUID");
  }
  if (settings.local && flags.Has("address")) {
    return UsageError("--local excludes --address; remove one");
  }
  return settings;
}

}  // namespace quantd
