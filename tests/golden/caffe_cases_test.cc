// Every case of golden/caffe and golden/vendor.
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "tests/golden/caffe_case.h"

namespace quantd {
namespace {

std::string TestDataDirectory() {
  const char* data = std::getenv("QUANTD_TEST_DATA");
  return data == nullptr ? "" : data;
}

std::vector<CaffeCase> CasesIn(const std::string& folder) {
  if (TestDataDirectory().empty()) return {};
  auto cases = LoadCaffeCases(TestDataDirectory() + "/golden/" + folder);
  return cases.ok() ? *std::move(cases) : std::vector<CaffeCase>();
}

std::string NameOf(const ::testing::TestParamInfo<CaffeCase>& info) {
  return info.param.name;
}

TEST(CaffeCasesDataTest, IsThere) {
  if (TestDataDirectory().empty()) {
    GTEST_SKIP() << "QUANTD_TEST_DATA is not set: no case of Caffe runs";
  }
  EXPECT_FALSE(CasesIn("caffe").empty());
  EXPECT_FALSE(CasesIn("vendor").empty());
}

class CaffeCasesTest : public ::testing::TestWithParam<CaffeCase> {};
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(CaffeCasesTest);

// Being skipped is a failure.
TEST_P(CaffeCasesTest, MatchesCaffe) {
  const CaseResult result = RunCaffeCase(GetParam());
  if (!GetParam().weights_external.empty() && GetParam().models_root.empty()) {
    GTEST_SKIP() << result.detail;
  }
  EXPECT_EQ(result.outcome, CaseResult::Outcome::kPassed) << result.detail;
}

INSTANTIATE_TEST_SUITE_P(Caffe, CaffeCasesTest,
                         ::testing::ValuesIn(CasesIn("caffe")), NameOf);

class ForkCasesTest : public ::testing::TestWithParam<CaffeCase> {};
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(ForkCasesTest);

// Forks' meanings of a type that are not ours are skipped by name.
TEST_P(ForkCasesTest, MatchesTheFork) {
  const CaseResult result = RunCaffeCase(GetParam());
  EXPECT_NE(result.outcome, CaseResult::Outcome::kFailed) << result.detail;
}

INSTANTIATE_TEST_SUITE_P(Forks, ForkCasesTest,
                         ::testing::ValuesIn(CasesIn("vendor")), NameOf);

}  // namespace
}  // namespace quantd
