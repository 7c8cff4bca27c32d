#include "engine/quant/activation_qat.h"

#include <cmath>
#include <vector>

#include "base/testing/status_matchers.h"

namespace quantd {
namespace {

using ::quantd::testing::HasReason;
using ::testing::ElementsAre;

ActivationQatParams Params(float max, float min, int num_bits) {
  ActivationQatParams params;
  params.clips = {max, min};
  params.num_bits = num_bits;
  return params;
}

TEST(ActivationQatTest, QuantizesBetweenTheClips) {
  ASSERT_OK_AND_ASSIGN(ActivationQat layer,
                       ActivationQat::Create(Params(2, -1, 2)));
  const std::vector<float> x = {-5, 0.4f, 1.5f, 5};
  std::vector<float> y(x.size());
  ASSERT_OK(layer.Forward(x, absl::MakeSpan(y)));
  EXPECT_THAT(y, ElementsAre(-1, 0, 2, 2));
  EXPECT_EQ(layer.factors().scale, 1);
  EXPECT_EQ(layer.factors().zero_point, -1);
  const std::vector<float> dy = {1, 2, 3, 4};
  std::vector<float> dx(x.size());
  const UlqGradient gradient = layer.Backward(x, dy, absl::MakeSpan(dx), 2);
  EXPECT_THAT(dx, ElementsAre(0, 2, 3, 0));
  // D is 0 at the clips; D(0.4) = -0.4 / 3, D(1.5) = 0.5 / 3.
  EXPECT_NEAR(gradient.max, 4 - 0.8 / 3 + 1.5 / 3, 1e-5);
  EXPECT_NEAR(gradient.min, 1 + 0.8 / 3 - 1.5 / 3, 1e-5);
}

TEST(ActivationQatTest, PutsBadClipsBack) {
  ASSERT_OK_AND_ASSIGN(ActivationQat layer,
                       ActivationQat::Create(Params(3, -1, 8)));
  layer.set_clips({-4, 5});
  ASSERT_OK(layer.Forward({}, {}));
  EXPECT_EQ(layer.clips().max, 3);
  EXPECT_EQ(layer.clips().min, -1);
}

TEST(ActivationQatTest, FixedMinIsNotRemembered) {
  ActivationQatParams params = Params(3, -1, 8);
  params.fixed_min = true;
  ASSERT_OK_AND_ASSIGN(ActivationQat layer, ActivationQat::Create(params));
  ASSERT_OK(layer.Forward({}, {}));
  EXPECT_EQ(layer.clips().min, 0);
  EXPECT_EQ(layer.remembered().min, -1);
  EXPECT_EQ(layer.factors().zero_point, 0);
}

TEST(ActivationQatTest, IfmrInitTakesTheFirstBatchWithValues) {
  ActivationQatParams params = Params(1, -1, 8);
  params.ifmr_init = true;
  ASSERT_OK_AND_ASSIGN(ActivationQat layer, ActivationQat::Create(params));
  ASSERT_OK(layer.Forward({}, {}));
  EXPECT_EQ(layer.clips().max, 1);
  // Constant data: IFMR's range is 0..2.5.
  const std::vector<float> x(10, 2.5f);
  std::vector<float> y(x.size());
  ASSERT_OK(layer.Forward(x, absl::MakeSpan(y)));
  EXPECT_NEAR(layer.clips().max, 2.5, 1e-5);
  EXPECT_EQ(layer.clips().min, 0);
  EXPECT_NEAR(y[0], 2.5, 1e-5);
  // Later batches move nothing.
  const std::vector<float> more(10, 7.0f);
  ASSERT_OK(layer.Forward(more, absl::MakeSpan(y)));
  EXPECT_NEAR(layer.clips().max, 2.5, 1e-5);
}

TEST(ActivationQatTest, RefusesBadParametersAndData) {
  for (const ActivationQatParams& params :
       {Params(1, 1, 8), Params(0, 1, 8), Params(NAN, 0, 8),
        Params(HUGE_VALF, 0, 8), Params(1, 0, 1), Params(1, 0, 17)}) {
    EXPECT_THAT(ActivationQat::Create(params),
                HasReason("OPTION_OUT_OF_RANGE"));
  }
  ActivationQatParams params = Params(1, 0, 8);
  params.ifmr_init = true;
  ASSERT_OK_AND_ASSIGN(ActivationQat layer, ActivationQat::Create(params));
  float y;
  EXPECT_THAT(layer.Forward({NAN}, absl::MakeSpan(&y, 1)),
              HasReason("ACTIVATION_NOT_FINITE"));
}

}  // namespace
}  // namespace quantd
