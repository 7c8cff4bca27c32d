// Where a command reads and writes, and whether a person looks at it.
#ifndef QUANTD_CLIENT_CLI_STREAMS_H_
#define QUANTD_CLIENT_CLI_STREAMS_H_

#include <functional>
#include <iosfwd>
#include <string>

namespace quantd {

// Data goes to `out`, everything else to `err`.
struct Streams {
  std::istream* in = nullptr;
  std::ostream* out = nullptr;
  std::ostream* err = nullptr;
  bool in_terminal = false;
  bool out_terminal = false;
  bool err_terminal = false;
  // Value of an environment variable; empty if it is not set.
  std::function<std::string(const std::string& name)> environment;
};

}  // namespace quantd

#endif  // QUANTD_CLIENT_CLI_STREAMS_H_
