#include "tests/testing/local_quantctl.h"

#include "absl/time/time.h"

namespace quantd::testing {

RunResult LocalQuantctl(const std::vector<std::string>& words) {
  std::vector<std::string> line = {Runfile("client/cli/quantctl"), "--local",
                                   "--quiet"};
  line.insert(line.end(), words.begin(), words.end());
  return RunProgram(line, absl::Minutes(3));
}

std::string DigitsFile(const std::string& name) {
  return Runfile("tests/data/digits/" + name);
}

}  // namespace quantd::testing
