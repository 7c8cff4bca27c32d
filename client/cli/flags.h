// Flags of subcommands: --name value, --name=value, -o value, and what a typo
// probably meant. (absl's flags are global and know no subcommands.)
// Not here: which flags there are (command.h, global_flags.h).
#ifndef QUANTD_CLIENT_CLI_FLAGS_H_
#define QUANTD_CLIENT_CLI_FLAGS_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace quantd {

struct FlagSpec {
  // Without dashes.
  std::string name;
  // What stands for the value in help texts ("FILE"). Empty: a switch, which
  // takes no value.
  std::string value;
  std::string help;
  bool required = false;
  char short_name = 0;
  // May be given several times.
  bool repeated = false;
};

// INVALID_ARGUMENT with reason USAGE: ends the program with exit code 2.
absl::Status UsageError(absl::string_view message);

// The name nearest to `name` by edit distance, if it is near; else empty.
std::string NearestName(absl::string_view name,
                        const std::vector<std::string>& names);

// The flags and other words of one command line.
//
// Threads: compatible.
class ParsedFlags {
 public:
  // `args`: without the program and the command. "--" ends the flags.
  // Errors: USAGE: unknown flag (with a suggestion), missing value, value for a
  // switch, flag given twice that is not `repeated`, required flag missing.
  static absl::StatusOr<ParsedFlags> Parse(const std::vector<std::string>& args,
                                           const std::vector<FlagSpec>& specs);

  // Required flags are checked only here, so that --help works without them.
  absl::Status CheckRequired(const std::vector<FlagSpec>& specs) const;

  bool Has(const std::string& name) const { return values_.count(name) > 0; }
  // Empty if not given; the first of several.
  std::string Get(const std::string& name) const;
  // In the order given.
  std::vector<std::string> GetAll(const std::string& name) const;
  // A whole number in [min, max]; `fallback` if not given. Errors: USAGE.
  absl::StatusOr<int64_t> GetInt(const std::string& name, int64_t min,
                                 int64_t max, int64_t fallback) const;
  // A finite number; `fallback` if not given. Errors: USAGE.
  absl::StatusOr<double> GetDouble(const std::string& name,
                                   double fallback) const;

  // Words that are no flags, in order.
  const std::vector<std::string>& words() const { return words_; }

 private:
  std::map<std::string, std::vector<std::string>> values_;
  std::vector<std::string> words_;
};

// Number of leading elements of `args` that are flags of `specs` with their
// values: where the command begins.
size_t CountLeadingFlags(const std::vector<std::string>& args,
                         const std::vector<FlagSpec>& specs);

}  // namespace quantd

#endif  // QUANTD_CLIENT_CLI_FLAGS_H_
