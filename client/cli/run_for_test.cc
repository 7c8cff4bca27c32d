#include "client/cli/run_for_test.h"

#include <sstream>

#include "client/cli/run.h"

namespace quantd::testing {

CliResult RunCli(const std::vector<std::string>& args,
                 const CliOptions& options) {
  std::istringstream in(options.in);
  std::ostringstream out;
  std::ostringstream err;
  Streams streams;
  streams.in = &in;
  streams.out = &out;
  streams.err = &err;
  streams.in_terminal = options.terminal;
  streams.out_terminal = options.terminal;
  streams.err_terminal = options.terminal;
  streams.environment = [](const std::string&) { return std::string(); };
  CliResult result;
  result.exit_code = RunQuantctl(args, streams, options.cancel);
  result.out = out.str();
  result.err = err.str();
  return result;
}

}  // namespace quantd::testing
