#include "engine/train/update_rule.h"

#include <cmath>

#include "base/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace quantd {
namespace {

using ::quantd::testing::HasReason;

caffe::SolverParameter Solver(const std::string& type) {
  caffe::SolverParameter solver;
  solver.set_type(type);
  return solver;
}

// One value under one rule: w = 1, histories 0.5 and 0.25 before, rate 0.1.
struct Outcome {
  float value, diff, history, history2;
};

Outcome Apply(const caffe::SolverParameter& solver, float gradient,
              float decay = 0, bool l1 = false, float factor = 1,
              int iter = 0) {
  const auto rule = FindUpdateRule(solver);
  EXPECT_OK(rule);
  Outcome result{1.0f, gradient, 0.5f, 0.25f};
  BlobUpdate update;
  update.value = absl::MakeSpan(&result.value, 1);
  update.diff = absl::MakeSpan(&result.diff, 1);
  update.history = &result.history;
  update.history2 = &result.history2;
  update.rate = 0.1f;
  update.decay = decay;
  update.l1 = l1;
  update.diff_factor = factor;
  update.iter = iter;
  (*rule)->update(solver, update);
  return result;
}

TEST(UpdateRuleTest, SgdKeepsMomentum) {
  caffe::SolverParameter solver = Solver("SGD");
  solver.set_momentum(0.5f);
  const Outcome r = Apply(solver, 2);
  EXPECT_FLOAT_EQ(r.history, 0.1f * 2 + 0.5f * 0.5f);
  EXPECT_FLOAT_EQ(r.diff, r.history);
  EXPECT_FLOAT_EQ(r.value, 1 - r.history);
}

TEST(UpdateRuleTest, DecayAndFactorComeBeforeTheRule) {
  const caffe::SolverParameter solver = Solver("SGD");
  EXPECT_FLOAT_EQ(Apply(solver, 2, 0.5f).diff, 0.1f * (2 + 0.5f));
  EXPECT_FLOAT_EQ(Apply(solver, 2, 0.25f, true).diff, 0.1f * (2 + 0.25f));
  EXPECT_FLOAT_EQ(Apply(solver, 2, 0, false, 0.5f).diff, 0.1f);
}

TEST(UpdateRuleTest, NesterovLooksAhead) {
  caffe::SolverParameter solver = Solver("Nesterov");
  solver.set_momentum(0.5f);
  const Outcome r = Apply(solver, 2);
  EXPECT_FLOAT_EQ(r.history, 0.45f);
  EXPECT_FLOAT_EQ(r.diff, 1.5f * 0.45f - 0.5f * 0.5f);
}

TEST(UpdateRuleTest, AdaptiveRulesFollowTheirFormulas) {
  caffe::SolverParameter solver = Solver("AdaGrad");
  solver.set_delta(0.01f);
  EXPECT_FLOAT_EQ(Apply(solver, 2).diff, 0.1f * 2 / (std::sqrt(4.5f) + 0.01f));
  solver.set_type("RMSProp");
  solver.set_rms_decay(0.75f);
  EXPECT_FLOAT_EQ(Apply(solver, 2).history, 0.25f * 4 + 0.75f * 0.5f);
  EXPECT_FLOAT_EQ(Apply(solver, 2).diff,
                  0.1f * 2 / (std::sqrt(1.375f) + 0.01f));
  solver.set_type("AdaDelta");
  solver.set_momentum(0.5f);
  const Outcome r = Apply(solver, 2);
  const float u = 2 * std::sqrt((0.25f + 0.01f) / (2.25f + 0.01f));
  EXPECT_FLOAT_EQ(r.history, 2.25f);
  EXPECT_FLOAT_EQ(r.history2, 0.5f * u * u + 0.5f * 0.25f);
  EXPECT_FLOAT_EQ(r.diff, 0.1f * u);
}

TEST(UpdateRuleTest, AdamCorrectsItsBias) {
  caffe::SolverParameter solver = Solver("Adam");
  solver.set_momentum(0.5f);
  solver.set_momentum2(0.75f);
  solver.set_delta(0.01f);
  const Outcome r = Apply(solver, 2, 0, false, 1, /*iter=*/1);
  EXPECT_FLOAT_EQ(r.history, 0.5f * 2 + 0.5f * 0.5f);
  EXPECT_FLOAT_EQ(r.history2, 0.25f * 4 + 0.75f * 0.25f);
  const double correction = std::sqrt(1 - 0.75 * 0.75) / (1 - 0.5 * 0.5);
  EXPECT_NEAR(r.diff,
              0.1 * correction * r.history /
                  (std::sqrt(static_cast<double>(r.history2)) + 0.01),
              1e-6);
}

TEST(UpdateRuleTest, RefusesFieldsThatATypeCannotTake) {
  EXPECT_THAT(FindUpdateRule(Solver("LBFGS")), HasReason("SOLVER_INVALID"));
  caffe::SolverParameter solver = Solver("AdaGrad");
  solver.set_momentum(0.9f);
  EXPECT_THAT(FindUpdateRule(solver), HasReason("SOLVER_INVALID"));
  solver = Solver("RMSProp");
  solver.set_rms_decay(1);
  EXPECT_THAT(FindUpdateRule(solver), HasReason("SOLVER_INVALID"));
  solver = Solver("SGD");
  solver.set_momentum(-0.1f);
  EXPECT_THAT(FindUpdateRule(solver), HasReason("SOLVER_INVALID"));
}

}  // namespace
}  // namespace quantd
