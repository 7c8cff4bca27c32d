// Runs a command line of quantctl inside a test.
#ifndef QUANTD_CLIENT_CLI_RUN_FOR_TEST_H_
#define QUANTD_CLIENT_CLI_RUN_FOR_TEST_H_

#include <string>
#include <vector>

#include "client/cancel_token.h"

namespace quantd::testing {

struct CliResult {
  int exit_code = -1;
  std::string out;
  std::string err;
};

struct CliOptions {
  bool terminal = false;  // All three streams.
  std::string in;
  CancelToken* cancel = nullptr;
};

// No environment variable is set.
CliResult RunCli(const std::vector<std::string>& args,
                 const CliOptions& options = {});

}  // namespace quantd::testing

#endif  // QUANTD_CLIENT_CLI_RUN_FOR_TEST_H_
