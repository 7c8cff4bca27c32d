#include "engine/train/learning_rate.h"

#include <cmath>

#include "base/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace quantd {
namespace {

using ::quantd::testing::HasReason;

caffe::SolverParameter Solver(const std::string& policy) {
  caffe::SolverParameter solver;
  solver.set_lr_policy(policy);
  solver.set_base_lr(0.5f);
  solver.set_gamma(0.1f);
  solver.set_power(2);
  solver.set_stepsize(10);
  solver.set_max_iter(100);
  return solver;
}

float Rate(const caffe::SolverParameter& solver, int iter) {
  int step = 0;
  return LearningRate(solver, iter, &step);
}

TEST(LearningRateTest, EachPolicyFollowsItsFormula) {
  EXPECT_FLOAT_EQ(Rate(Solver("fixed"), 70), 0.5f);
  EXPECT_FLOAT_EQ(Rate(Solver("step"), 9), 0.5f);
  EXPECT_FLOAT_EQ(Rate(Solver("step"), 20), 0.005f);
  EXPECT_FLOAT_EQ(Rate(Solver("exp"), 3), 0.0005f);
  EXPECT_FLOAT_EQ(Rate(Solver("inv"), 10), 0.125f);
  EXPECT_FLOAT_EQ(Rate(Solver("poly"), 50), 0.125f);
  EXPECT_FLOAT_EQ(Rate(Solver("sigmoid"), 10), 0.25f);
  EXPECT_FLOAT_EQ(Rate(Solver("sigmoid"), 20),
                  static_cast<float>(0.5 / (1 + std::exp(-1.0))));
}

TEST(LearningRateTest, MultistepTakesOneStepACall) {
  caffe::SolverParameter solver = Solver("multistep");
  solver.add_stepvalue(5);
  solver.add_stepvalue(6);
  int step = 0;
  EXPECT_FLOAT_EQ(LearningRate(solver, 4, &step), 0.5f);
  EXPECT_FLOAT_EQ(LearningRate(solver, 7, &step), 0.05f);
  EXPECT_EQ(step, 1);
  EXPECT_FLOAT_EQ(LearningRate(solver, 7, &step), 0.005f);
  EXPECT_FLOAT_EQ(LearningRate(solver, 100, &step), 0.005f);
  EXPECT_EQ(step, 2);
}

TEST(LearningRateTest, RefusesWhatAPolicyCannotUse) {
  EXPECT_OK(CheckLearningRate(Solver("step")));
  EXPECT_THAT(CheckLearningRate(Solver("cosine")), HasReason("SOLVER_INVALID"));
  caffe::SolverParameter solver = Solver("sigmoid");
  solver.set_gamma(-0.1f);
  EXPECT_THAT(CheckLearningRate(solver), HasReason("SOLVER_INVALID"));
  solver = Solver("step");
  solver.set_stepsize(0);
  EXPECT_THAT(CheckLearningRate(solver), HasReason("SOLVER_INVALID"));
  solver = Solver("fixed");
  solver.clear_base_lr();
  EXPECT_THAT(CheckLearningRate(solver), HasReason("SOLVER_INVALID"));
  solver = Solver("inv");
  solver.clear_gamma();
  EXPECT_THAT(CheckLearningRate(solver), HasReason("SOLVER_INVALID"));
}

}  // namespace
}  // namespace quantd
