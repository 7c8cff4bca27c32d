#include "engine/train/solver_nets.h"

#include <map>

#include "base/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace quantd {
namespace {

using ::testing::SizeIs;

caffe::SolverParameter Solver(const std::string& text) {
  caffe::SolverParameter solver;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &solver));
  return solver;
}

absl::StatusOr<std::string> Read(const std::string& path) {
  static const auto* const files = new std::map<std::string, std::string>{
      {"both",
       "layer { name: 'a' type: 'Input' } "
       "layer { name: 'b' type: 'Silence' include { phase: TEST } } "
       "layer { name: 'c' type: 'Silence' include { stage: 'x' } }"},
      {"test", "layer { name: 't' type: 'Input' }"},
  };
  const auto it = files->find(path);
  if (it == files->end()) return absl::NotFoundError(path);
  return it->second;
}

TEST(SolverNetsTest, PhasesAndStatesSelectLayers) {
  const auto nets =
      LoadSolverNets(Solver("net: 'both' test_iter: 1 test_interval: 1 "
                            "train_state { stage: 'x' }"),
                     Read);
  ASSERT_OK(nets);
  ASSERT_THAT(nets->train.layer(), SizeIs(2));
  EXPECT_EQ(nets->train.layer(1).name(), "c");
  ASSERT_THAT(nets->tests, SizeIs(1));
  ASSERT_THAT(nets->tests[0].layer(), SizeIs(2));
  EXPECT_EQ(nets->tests[0].layer(1).name(), "b");
}

TEST(SolverNetsTest, TestNetsComeInCaffesOrder) {
  const auto nets = LoadSolverNets(
      Solver("net: 'both' test_net: 'test' "
             "test_net_param { layer { name: 'p' type: 'Input' } } "
             "test_iter: [1, 1, 1] test_interval: 1"),
      Read);
  ASSERT_OK(nets);
  ASSERT_THAT(nets->tests, SizeIs(3));
  EXPECT_EQ(nets->tests[0].layer(0).name(), "p");
  EXPECT_EQ(nets->tests[1].layer(0).name(), "t");
  EXPECT_EQ(nets->tests[2].layer(0).name(), "a");
}

TEST(SolverNetsTest, AMissingFileIsAnError) {
  EXPECT_TRUE(absl::IsNotFound(
      LoadSolverNets(Solver("net: 'nowhere'"), Read).status()));
}

}  // namespace
}  // namespace quantd
