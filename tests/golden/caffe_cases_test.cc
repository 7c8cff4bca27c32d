// Every case of golden/caffe whose layers this stage of the project has.
#include <cstdlib>
#include <set>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/golden/caffe_case.h"

namespace quantd {
namespace {

// A case of these must pass: being skipped is a failure.
const std::set<std::string>& RequiredLayers() {
  static const auto* layers = new std::set<std::string>{
      "Accuracy", "BatchNorm", "Bias",    "Concat",  "Convolution",
      "Data",     "Dropout",   "Eltwise", "Flatten", "InnerProduct",
      "LRN",      "Pooling",   "Power",   "ReLU",    "Reshape",
      "Scale",    "Sigmoid",   "Silence", "Softmax", "SoftmaxWithLoss",
      "Split",    "TanH",      "Upgrade"};
  return *layers;
}

const std::set<std::string>& RequiredNets() {
  static const auto* nets = new std::set<std::string>{
      "net_lenet", "net_cifar_quick", "net_cifar_resnet20_lj", "net_sq10"};
  return *nets;
}

std::string TestDataDirectory() {
  const char* data = std::getenv("QUANTD_TEST_DATA");
  return data == nullptr ? "" : data;
}

std::vector<CaffeCase> RequiredCases() {
  std::vector<CaffeCase> required;
  if (TestDataDirectory().empty()) return required;
  const auto cases = LoadCaffeCases(TestDataDirectory() + "/golden/caffe");
  if (!cases.ok()) return required;
  for (const CaffeCase& test_case : *cases) {
    if (RequiredLayers().count(test_case.layer) > 0 ||
        RequiredNets().count(test_case.name) > 0) {
      required.push_back(test_case);
    }
  }
  return required;
}

TEST(CaffeCasesDataTest, IsThere) {
  if (TestDataDirectory().empty()) {
    GTEST_SKIP() << "QUANTD_TEST_DATA is not set: no case of BVLC Caffe runs";
  }
  const auto cases = LoadCaffeCases(TestDataDirectory() + "/golden/caffe");
  ASSERT_TRUE(cases.ok()) << cases.status().ToString();
  EXPECT_FALSE(RequiredCases().empty());
}

class CaffeCasesTest : public ::testing::TestWithParam<CaffeCase> {};
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(CaffeCasesTest);

TEST_P(CaffeCasesTest, MatchesCaffe) {
  const CaseResult result = RunCaffeCase(GetParam());
  if (!GetParam().weights_external.empty() && GetParam().models_root.empty()) {
    GTEST_SKIP() << result.detail;
  }
  EXPECT_EQ(result.outcome, CaseResult::Outcome::kPassed) << result.detail;
}

INSTANTIATE_TEST_SUITE_P(Caffe, CaffeCasesTest,
                         ::testing::ValuesIn(RequiredCases()),
                         [](const ::testing::TestParamInfo<CaffeCase>& info) {
                           return info.param.name;
                         });

}  // namespace
}  // namespace quantd
