// Runs a folder of golden cases of AMCT's library:
//   run_amct_cases DIR [--only=ifmr,arq]
// One line a case; last "N passed, N failed, N skipped". Exit code 1 if one
// failed, 2 if there is nothing to run.
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "tests/golden/amct_cases.h"

ABSL_FLAG(std::vector<std::string>, only, {},
          "Run only these algorithms, separated by commas.");

namespace quantd {
namespace {

const char* Label(AmctCaseResult::Outcome outcome) {
  switch (outcome) {
    case AmctCaseResult::Outcome::kPassed:
      return "PASS";
    case AmctCaseResult::Outcome::kFailed:
      return "FAIL";
    case AmctCaseResult::Outcome::kSkipped:
      return "SKIP";
  }
  return "?";
}

// `bazel run` starts programs elsewhere and leaves the caller's folder in the
// environment.
std::string FromCallersFolder(const std::string& path) {
  const char* folder = std::getenv("BUILD_WORKING_DIRECTORY");
  if (folder == nullptr || path.empty() || path[0] == '/') return path;
  return std::string(folder) + "/" + path;
}

int Run(const std::string& dir) {
  const absl::StatusOr<std::vector<AmctCase>> cases =
      ReadAmctCases(dir, absl::GetFlag(FLAGS_only));
  if (!cases.ok()) {
    std::fprintf(stderr, "%s\n", cases.status().ToString().c_str());
    return 2;
  }
  int passed = 0, failed = 0, skipped = 0;
  for (const AmctCase& golden_case : *cases) {
    const AmctCaseResult result = RunAmctCase(golden_case);
    passed += result.outcome == AmctCaseResult::Outcome::kPassed;
    failed += result.outcome == AmctCaseResult::Outcome::kFailed;
    skipped += result.outcome == AmctCaseResult::Outcome::kSkipped;
    std::printf("%s %s%s%s\n", Label(result.outcome), result.name.c_str(),
                result.detail.empty() ? "" : ": ", result.detail.c_str());
  }
  std::printf("%d passed, %d failed, %d skipped\n", passed, failed, skipped);
  return failed > 0 ? 1 : 0;
}

}  // namespace
}  // namespace quantd

int main(int argc, char** argv) {
  absl::SetProgramUsageMessage("run_amct_cases DIR [--only=ifmr,arq]");
  const std::vector<char*> arguments = absl::ParseCommandLine(argc, argv);
  if (arguments.size() != 2) {
    std::fprintf(stderr, "usage: run_amct_cases DIR [--only=ifmr,arq]\n");
    return 2;
  }
  return quantd::Run(quantd::FromCallersFolder(arguments[1]));
}
