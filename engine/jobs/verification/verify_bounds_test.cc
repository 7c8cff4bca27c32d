#include "engine/jobs/verification/verify_bounds.h"

#include "base/testing/status_matchers.h"

namespace quantd::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

void Set(int64_t elements, int64_t differing, int64_t steps,
         v1::IntegerDifference* difference) {
  difference->set_num_elements(elements);
  difference->set_num_differing(differing);
  difference->set_max_steps(steps);
}

// A layer within all bounds.
v1::VerifyResult Good() {
  v1::VerifyResult result;
  v1::VerifiedLayer* layer = result.add_layers();
  layer->set_layer("conv");
  layer->set_num_bits_d(8);
  Set(100, 0, 0, layer->mutable_weights());
  Set(1000000, 99, 1, layer->mutable_inputs());
  Set(1000000, 99, 1, layer->mutable_sums());
  Set(1000000, 900000, 100, layer->mutable_inputs_alone());
  result.set_num_images(10000);
  result.set_top1_agreement(0.999);
  return result;
}

TEST(VerifyBoundsTest, RoundingAndTheNetOnItsOwnPass) {
  v1::VerifyResult result = Good();
  result.add_failures("of before");
  Judge(&result);
  EXPECT_TRUE(result.passed());
  EXPECT_TRUE(result.failures().empty());
  result.set_top1_agreement(-1);  // No class scores.
  Judge(&result);
  EXPECT_TRUE(result.passed());
}

TEST(VerifyBoundsTest, OneElementOfFewMayDiffer) {
  v1::VerifyResult result = Good();
  Set(10, 1, 1, result.mutable_layers(0)->mutable_sums());
  result.set_num_images(10);
  result.set_top1_agreement(0.9);
  Judge(&result);
  EXPECT_TRUE(result.passed());
  Set(10, 2, 1, result.mutable_layers(0)->mutable_sums());
  Judge(&result);
  EXPECT_FALSE(result.passed());
}

TEST(VerifyBoundsTest, FinerInputsMayNotDifferMoreOften) {
  v1::VerifyResult result = Good();
  v1::VerifiedLayer* layer = result.mutable_layers(0);
  layer->set_num_bits_d(16);
  Set(1000000, 99, 1, layer->mutable_inputs());
  Judge(&result);
  EXPECT_TRUE(result.passed());
  Set(1000000, 100, 1, layer->mutable_inputs());
  Judge(&result);
  EXPECT_FALSE(result.passed());
}

TEST(VerifyBoundsTest, EqualScoresAreNoOtherClass) {
  v1::VerifyResult result = Good();
  result.set_top1_agreement(0.99);
  result.set_num_tied_images(90);
  Judge(&result);
  EXPECT_TRUE(result.passed());
  result.set_num_tied_images(89);
  Judge(&result);
  EXPECT_FALSE(result.passed());
  EXPECT_THAT(result.failures(),
              ElementsAre(HasSubstr("11 of 10000 images have another top-1 "
                                    "class, though every layer passes")));
}

TEST(VerifyBoundsTest, EachBrokenBoundIsAFailure) {
  v1::VerifyResult result = Good();
  v1::VerifiedLayer* layer = result.mutable_layers(0);
  Set(100, 1, 1, layer->mutable_weights());
  Set(1000000, 100, 1, layer->mutable_inputs());
  Set(1000000, 1, 2, layer->mutable_sums());
  layer->set_num_overflows(3);
  result.set_top1_agreement(0.998);
  Judge(&result);
  EXPECT_FALSE(result.passed());
  EXPECT_THAT(
      result.failures(),
      ElementsAre(
          "layer \"conv\": 1 of 100 weights and biases differ, by up to 1 "
          "steps",
          "layer \"conv\": 100 of 1000000 integer inputs differ, by up to 1 "
          "steps",
          HasSubstr("integer sums differ, by up to 2"),
          "layer \"conv\": 3 sums are beyond 32 bits",
          "20 of 10000 images have another top-1 class"));
}

}  // namespace
}  // namespace quantd::testing
