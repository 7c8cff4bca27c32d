// What quantd is told on its command line.
#ifndef QUANTD_SERVER_QUANTD_OPTIONS_H_
#define QUANTD_SERVER_QUANTD_OPTIONS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace quantd {

struct QuantdOptions {
  std::string data_dir;
  std::string listen = "127.0.0.1:50051";
  std::string http_listen = "127.0.0.1:9464";
  int cpu_slots = 1;
  // 0: the machine's cores, shared evenly among the slots.
  int threads_per_slot = 0;
  std::string gpus = "none";
  std::string worker_binary;  // Empty: quant_worker beside quantd.
  std::string port_file;
  std::string log_format = "text";
  std::string log_level = "info";
  bool help = false;
};

// Parses "--name=value", "--name value", "--help"; argv[0] is skipped.
// Errors: INVALID_ARGUMENT, FLAG_INVALID, naming the flag, what it may be, and
// a suggestion for a misspelt one; UNIMPLEMENTED, FEATURE_NOT_BUILT for GPUs.
absl::StatusOr<QuantdOptions> ParseQuantdOptions(
    const std::vector<std::string>& argv);

// One line per flag, with its default.
std::string QuantdHelp();

}  // namespace quantd

#endif  // QUANTD_SERVER_QUANTD_OPTIONS_H_
