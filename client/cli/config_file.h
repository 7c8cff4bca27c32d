// What a command needs to know of the quantization configuration before it is
// sent. Not here: checking it; the server does.
#ifndef QUANTD_CLIENT_CLI_CONFIG_FILE_H_
#define QUANTD_CLIENT_CLI_CONFIG_FILE_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"

namespace quantd {

// Help of a flag --config FILE.
std::string ConfigFlagHelp();

// batch_num of a config.json or a simplified configuration (a text that begins
// with '{' is JSON); 0 if `path` is empty, the file does not say, is not
// readable as either, or says more than `max`.
// Errors: those of ReadInputFile().
absl::StatusOr<int64_t> BatchNumOfConfig(const std::string& path, int64_t max);

}  // namespace quantd

#endif  // QUANTD_CLIENT_CLI_CONFIG_FILE_H_
