#include "tests/golden/amct_cases.h"

#include <cstdlib>

#include "base/testing/status_matchers.h"
#include "engine/quant/ifmr_observer.h"

namespace quantd {
namespace {

using ::quantd::testing::StatusIs;

// All cases of a few small ones kept in the repository, and of the whole
// collection where it is there.
void ExpectAllPass(const std::string& dir, int min_passed) {
  ASSERT_OK_AND_ASSIGN(std::vector<AmctCase> cases, ReadAmctCases(dir, {}));
  int passed = 0;
  for (const AmctCase& golden_case : cases) {
    const AmctCaseResult result = RunAmctCase(golden_case);
    EXPECT_NE(result.outcome, AmctCaseResult::Outcome::kFailed)
        << result.name << ": " << result.detail;
    passed += result.outcome == AmctCaseResult::Outcome::kPassed;
  }
  EXPECT_GE(passed, min_passed);
}

// The streaming search gives the exact search's scale and offset, whatever the
// batches.
void ExpectObserverAgrees(const std::string& dir) {
  ASSERT_OK_AND_ASSIGN(std::vector<AmctCase> cases,
                       ReadAmctCases(dir, {"ifmr"}));
  for (const AmctCase& golden : cases) {
    SCOPED_TRACE(golden.id);
    const IfmrParams params = AmctIfmrParams(golden.params);
    if (golden.expected.at("code").get<int>() != 0 || params.num_bits != 8) {
      continue;
    }
    ASSERT_OK_AND_ASSIGN(std::vector<float> data,
                         JsonFloats(golden.dir, golden.inputs.at("data")));
    ASSERT_OK_AND_ASSIGN(
        IfmrObserver observer,
        IfmrObserver::Create(params, static_cast<int64_t>(data.size())));
    const absl::Span<const float> values = data;
    const size_t half = values.size() / 2;
    ASSERT_OK(observer.Add(values.first(half)));
    ASSERT_OK(observer.Add(values.subspan(half)));
    ASSERT_OK_AND_ASSIGN(IfmrResult streamed, observer.Finish());
    ASSERT_OK_AND_ASSIGN(IfmrResult exact, IfmrSearch(data, params));
    EXPECT_EQ(streamed.scale, exact.scale)
        << streamed.best_index << " for " << exact.best_index << ", gap "
        << streamed.loss_gap;
    EXPECT_EQ(streamed.offset, exact.offset);
    EXPECT_EQ(streamed.max, exact.max);
    EXPECT_EQ(streamed.min, exact.min);
    EXPECT_EQ(streamed.num_candidates, exact.num_candidates);
    EXPECT_EQ(streamed.all_zero, exact.all_zero);
  }
}

TEST(AmctCasesTest, SmallCasesPass) {
  ExpectAllPass("tests/data/golden_amct", 20);
}

TEST(AmctCasesTest, ObserverAgreesOnSmallCases) {
  ExpectObserverAgrees("tests/data/golden_amct");
}

TEST(AmctCasesTest, AllCasesPass) {
  const char* data = std::getenv("QUANTD_TEST_DATA");
  if (data == nullptr) GTEST_SKIP() << "QUANTD_TEST_DATA is not set";
  ExpectAllPass(std::string(data) + "/golden/amct", 395);
}

TEST(AmctCasesTest, ObserverAgreesOnAllCases) {
  const char* data = std::getenv("QUANTD_TEST_DATA");
  if (data == nullptr) GTEST_SKIP() << "QUANTD_TEST_DATA is not set";
  ExpectObserverAgrees(std::string(data) + "/golden/amct");
}

TEST(AmctCasesTest, UnknownAlgorithmIsSkippedByName) {
  const AmctCaseResult result = RunAmctCase({"no_such", "c0", "", {}, {}, {}});
  EXPECT_EQ(result.outcome, AmctCaseResult::Outcome::kSkipped);
  EXPECT_EQ(result.name, "no_such/c0");
  EXPECT_EQ(result.detail, "algorithm no_such is not built");
}

TEST(AmctCasesTest, DamagedCaseFails) {
  const AmctCaseResult result = RunAmctCase({"arq", "c0", "", {}, {}, {}});
  EXPECT_EQ(result.outcome, AmctCaseResult::Outcome::kFailed);
}

TEST(AmctCasesTest, FolderWithoutCasesIsNamed) {
  EXPECT_THAT(ReadAmctCases("/no/such/folder", {}),
              StatusIs(absl::StatusCode::kNotFound, "/no/such/folder"));
}

}  // namespace
}  // namespace quantd
