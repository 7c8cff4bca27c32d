#include "engine/train/solver_param.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "base/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace quantd {
namespace {

using ::quantd::testing::HasReason;

constexpr char kRate[] = " base_lr: 0.1 lr_policy: 'fixed' max_iter: 3 ";

absl::StatusOr<caffe::SolverParameter> Parse(const std::string& text) {
  return ParseSolver(text + kRate, "dir/lenet_solver.prototxt");
}

TEST(SolverParamTest, TheOldTypeBecomesTheNewOne) {
  const auto solver = Parse("net: 'n' solver_type: ADAM momentum: 0.9");
  ASSERT_OK(solver);
  EXPECT_EQ(solver->type(), "Adam");
  EXPECT_FALSE(solver->has_solver_type());
  EXPECT_THAT(Parse("net: 'n' solver_type: ADAM type: 'Adam'"),
              HasReason("SOLVER_INVALID"));
}

TEST(SolverParamTest, AMissingPrefixIsTheSolversName) {
  EXPECT_EQ(Parse("net: 'n'")->snapshot_prefix(), "lenet_solver");
  EXPECT_EQ(Parse("net: 'n' snapshot_prefix: 'out/'")->snapshot_prefix(),
            "out/lenet_solver");
  EXPECT_EQ(Parse("net: 'n' snapshot_prefix: 'out/x'")->snapshot_prefix(),
            "out/x");
}

TEST(SolverParamTest, ExactlyOneTrainNet) {
  EXPECT_OK(Parse("train_net: 'n'"));
  EXPECT_THAT(Parse(""), HasReason("SOLVER_INVALID"));
  EXPECT_THAT(Parse("net: 'n' train_net: 'm'"), HasReason("SOLVER_INVALID"));
}

TEST(SolverParamTest, OneTestIterPerTestNet) {
  EXPECT_OK(Parse("net: 'n' test_iter: 3 test_interval: 2"));
  EXPECT_OK(
      Parse("net: 'n' test_net: 't' test_iter: 1 test_iter: 2 "
            "test_interval: 2"));
  for (const char* text :
       {"train_net: 'n' test_net: 't' test_interval: 2",
        "net: 'n' test_iter: 3", "net: 'n' test_iter: 0 test_interval: 2",
        "net: 'n' test_iter: 1 test_interval: 1 test_state {} test_state {}"}) {
    EXPECT_THAT(Parse(text), HasReason("SOLVER_INVALID")) << text;
  }
}

TEST(SolverParamTest, CountsAndTypesHaveRanges) {
  for (const char* field :
       {"iter_size: 0", "average_loss: 0", "display: -1", "snapshot: -1",
        "regularization_type: 'L3'", "weight_decay: -1", "type: 'Newton'"}) {
    EXPECT_THAT(Parse(absl::StrCat("net: 'n' ", field)),
                HasReason("SOLVER_INVALID"))
        << field;
  }
  EXPECT_THAT(Parse("net: 'n' no_such_field: 1"), HasReason("PROTOTXT_PARSE"));
}

}  // namespace
}  // namespace quantd
