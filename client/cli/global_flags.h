// The flags that every command takes, and where each setting came from: flag,
// environment, default.
#ifndef QUANTD_CLIENT_CLI_GLOBAL_FLAGS_H_
#define QUANTD_CLIENT_CLI_GLOBAL_FLAGS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "client/channel.h"
#include "client/cli/flags.h"
#include "client/cli/streams.h"

namespace quantd {

enum class OutputFormat { kTable, kJson, kName };

// One effective setting, for `quantctl server status`.
struct SettingSource {
  std::string name;
  std::string value;
  std::string source;  // "flag", "environment", "default".
};

struct GlobalSettings {
  std::string address;
  ChannelOptions channel;
  bool local = false;
  // Of the whole command; infinite by default.
  absl::Duration timeout = absl::InfiniteDuration();
  OutputFormat output = OutputFormat::kTable;
  bool quiet = false;
  bool color = false;  // On a terminal, unless --no-color or NO_COLOR.
  // Empty: a new one for each submit.
  std::string request_id;
  std::vector<SettingSource> sources;
};

const std::vector<FlagSpec>& GlobalFlags();

// Errors: USAGE.
absl::StatusOr<GlobalSettings> ReadGlobalSettings(const ParsedFlags& flags,
                                                  const Streams& streams);

}  // namespace quantd

#endif  // QUANTD_CLIENT_CLI_GLOBAL_FLAGS_H_
