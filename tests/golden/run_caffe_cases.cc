// run_caffe_cases DIR [--only=Convolution,Pooling,...]
// Runs the cases of DIR/index.json, one line each; `--only` selects by layer
// type or case name. Last line `N passed, N failed, N skipped`; exit status 1
// if a case failed, 2 for wrong arguments.
#include <cstdio>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "tests/golden/caffe_case.h"

namespace quantd {
namespace {

struct Arguments {
  std::string directory;
  std::set<std::string> only;
};

bool ParseArguments(int argc, char** argv, Arguments* arguments) {
  for (int i = 1; i < argc; ++i) {
    absl::string_view argument = argv[i];
    if (absl::ConsumePrefix(&argument, "--only=")) {
      for (absl::string_view name :
           absl::StrSplit(argument, ',', absl::SkipEmpty())) {
        arguments->only.emplace(name);
      }
    } else if (absl::StartsWith(argument, "--") ||
               !arguments->directory.empty()) {
      return false;
    } else {
      arguments->directory = std::string(argument);
    }
  }
  return !arguments->directory.empty();
}

const char* Word(CaseResult::Outcome outcome) {
  switch (outcome) {
    case CaseResult::Outcome::kPassed:
      return "PASSED ";
    case CaseResult::Outcome::kFailed:
      return "FAILED ";
    case CaseResult::Outcome::kSkipped:
      return "SKIPPED";
  }
  return "";
}

int Main(int argc, char** argv) {
  Arguments arguments;
  if (!ParseArguments(argc, argv, &arguments)) {
    std::fprintf(stderr,
                 "usage: run_caffe_cases DIR [--only=LAYER_OR_CASE,...]\n");
    return 2;
  }
  const auto cases = LoadCaffeCases(arguments.directory);
  if (!cases.ok()) {
    std::fprintf(stderr, "%s\n", cases.status().ToString().c_str());
    return 2;
  }
  int counts[3] = {0, 0, 0};
  for (const CaffeCase& test_case : *cases) {
    if (!arguments.only.empty() && arguments.only.count(test_case.layer) == 0 &&
        arguments.only.count(test_case.name) == 0) {
      continue;
    }
    const CaseResult result = RunCaffeCase(test_case);
    ++counts[static_cast<int>(result.outcome)];
    std::printf("%s %s (%s)%s%s\n", Word(result.outcome),
                test_case.name.c_str(), test_case.layer.c_str(),
                result.detail.empty() ? "" : ": ", result.detail.c_str());
  }
  std::printf("%d passed, %d failed, %d skipped\n", counts[0], counts[1],
              counts[2]);
  return counts[1] == 0 ? 0 : 1;
}

}  // namespace
}  // namespace quantd

int main(int argc, char** argv) { return quantd::Main(argc, argv); }
