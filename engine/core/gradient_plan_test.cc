#include "engine/core/gradient_plan.h"

#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace quantd {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Blobs of the nets below.
enum Blob { kData, kA, kB, kC, kLabel, kLoss };

GradientFacts Input(const std::vector<int>& tops) {
  GradientFacts facts;
  facts.tops = tops;
  facts.loss_weights.assign(tops.size(), 0);
  return facts;
}

// A layer without a loss, all of whose bottoms are differentiable.
GradientFacts Layer(const std::vector<int>& bottoms, int top,
                    const std::vector<float>& lr_mults = {}) {
  GradientFacts facts;
  facts.bottoms = bottoms;
  facts.tops = {top};
  facts.loss_weights = {0};
  facts.differentiable.assign(bottoms.size(), true);
  facts.lr_mults = lr_mults;
  return facts;
}

// Of the predictions `bottom` and kLabel, which has no gradient.
GradientFacts Loss(int bottom) {
  GradientFacts facts = Layer({bottom, kLabel}, kLoss);
  facts.loss_weights = {1};
  facts.differentiable = {true, false};
  return facts;
}

std::vector<GradientNeeds> Plan(const std::vector<GradientFacts>& layers,
                                bool force_backward = false) {
  return PlanGradients(layers, force_backward);
}

TEST(GradientPlanTest, FromTheLossDownToWhatLearns) {
  const auto needs = Plan({Input({kData, kLabel}), Layer({kData}, kA, {1, 2}),
                           Layer({kA}, kB), Loss(kB)});
  EXPECT_FALSE(needs[0].backward);
  EXPECT_TRUE(needs[1].backward);
  EXPECT_THAT(needs[1].bottoms, ElementsAre(false));  // Nothing learns below.
  EXPECT_THAT(needs[1].blobs, ElementsAre(true, true));
  EXPECT_TRUE(needs[2].backward);
  EXPECT_THAT(needs[2].bottoms, ElementsAre(true));
  EXPECT_THAT(needs[2].blobs, IsEmpty());
  EXPECT_THAT(needs[3].bottoms, ElementsAre(true, false));
}

TEST(GradientPlanTest, LearningRateZeroStopsAndSkipsTheBlob) {
  const auto needs = Plan({Input({kData, kLabel}), Layer({kData}, kA, {0, 0}),
                           Layer({kA}, kB, {1, 0}), Loss(kB)});
  EXPECT_FALSE(needs[1].backward);
  EXPECT_TRUE(needs[2].backward);
  EXPECT_THAT(needs[2].bottoms, ElementsAre(false));
  EXPECT_THAT(needs[2].blobs, ElementsAre(true, false));
}

TEST(GradientPlanTest, WithoutLearningNothingIsComputed) {
  for (const GradientNeeds& need :
       Plan({Input({kData, kLabel}), Layer({kData}, kA), Loss(kA)})) {
    EXPECT_FALSE(need.backward);
  }
}

TEST(GradientPlanTest, WithoutALossNothingIsComputed) {
  const auto needs =
      Plan({Input({kData}), Layer({kData}, kA, {1}), Layer({kA}, kB, {1})});
  for (const GradientNeeds& need : needs) EXPECT_FALSE(need.backward);
  EXPECT_THAT(needs[2].bottoms, ElementsAre(false));
}

TEST(GradientPlanTest, BranchWithoutALossIsLeftOut) {
  // A to the loss and to B, which nobody reads.
  const auto needs = Plan({Input({kData, kLabel}), Layer({kData}, kA, {1}),
                           Layer({kA}, kB, {1}), Loss(kA)});
  EXPECT_TRUE(needs[1].backward);
  EXPECT_FALSE(needs[2].backward);
  EXPECT_TRUE(needs[3].backward);
}

TEST(GradientPlanTest, AnyTopCanBeALoss) {
  GradientFacts weighted = Layer({kData}, kA, {1});
  weighted.loss_weights = {0.5f};
  EXPECT_TRUE(Plan({Input({kData}), weighted})[1].backward);
}

TEST(GradientPlanTest, PropagateDownFalseCutsTheBottom) {
  GradientFacts cut = Layer({kA}, kB, {1});
  cut.propagate_down = {false};
  const auto needs =
      Plan({Input({kData, kLabel}), Layer({kData}, kA, {1}), cut, Loss(kB)});
  EXPECT_TRUE(needs[2].backward);
  EXPECT_THAT(needs[2].bottoms, ElementsAre(false));
}

TEST(GradientPlanTest, PropagateDownFalseWithoutBlobsNeedsNoCall) {
  GradientFacts cut = Layer({kA}, kB);
  cut.propagate_down = {false};
  const auto needs =
      Plan({Input({kData, kLabel}), Layer({kData}, kA, {1}), cut, Loss(kB)});
  EXPECT_FALSE(needs[2].backward);
}

TEST(GradientPlanTest, PropagateDownTrueAsksWhereNothingLearns) {
  GradientFacts asked = Layer({kData}, kA, {1});
  asked.propagate_down = {true};
  EXPECT_THAT(Plan({Input({kData, kLabel}), asked, Loss(kA)})[1].bottoms,
              ElementsAre(true));
}

TEST(GradientPlanTest, BottomWithoutAGradientIsAConstant) {
  // What is learned reaches the loss as its label only.
  const auto needs =
      Plan({Input({kData}), Layer({kData}, kLabel, {1}), Loss(kData)});
  EXPECT_FALSE(needs[1].backward);
  EXPECT_FALSE(needs[2].backward);
  EXPECT_THAT(needs[2].bottoms, ElementsAre(false, false));
}

TEST(GradientPlanTest, InPlaceLayersAreOnTheWay) {
  const auto needs = Plan({Input({kData, kLabel}), Layer({kData}, kA, {1}),
                           Layer({kA}, kA), Loss(kA)});
  EXPECT_TRUE(needs[2].backward);
  EXPECT_THAT(needs[2].bottoms, ElementsAre(true));
}

TEST(GradientPlanTest, ForceBackwardAsksForAllThatThereIs) {
  const auto needs = Plan({Input({kData, kLabel}), Layer({kData}, kA, {0}),
                           Loss(kA), Layer({kA}, kB)},
                          /*force_backward=*/true);
  EXPECT_FALSE(needs[0].backward);  // It has nothing.
  EXPECT_TRUE(needs[1].backward);
  EXPECT_THAT(needs[1].bottoms, ElementsAre(true));
  EXPECT_THAT(needs[1].blobs, ElementsAre(true));
  EXPECT_THAT(needs[2].bottoms, ElementsAre(true, false));
  EXPECT_TRUE(needs[3].backward);  // Also without a loss.
}

}  // namespace
}  // namespace quantd
