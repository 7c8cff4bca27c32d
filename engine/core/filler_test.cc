#include "engine/core/filler.h"

#include <cmath>

#include "base/testing/status_matchers.h"

namespace quantd {
namespace {

using ::absl::StatusCode;
using ::quantd::testing::StatusIs;

Tensor Filled(const std::string& type, const Shape& shape, uint32_t seed = 1) {
  caffe::FillerParameter filler;
  filler.set_type(type);
  Tensor blob(shape);
  EXPECT_OK(Fill(filler, seed, &blob));
  return blob;
}

double MeanSquare(const Tensor& blob) {
  double sum = 0;
  for (float value : blob.values()) sum += value * value;
  return sum / static_cast<double>(blob.num_elements());
}

TEST(FillerTest, SpreadFollowsFanIn) {
  // fan_in 50: variance 1/50 for xavier, 2/50 for msra.
  EXPECT_NEAR(MeanSquare(Filled("xavier", {200, 50})), 1 / 50.0, 1e-3);
  EXPECT_NEAR(MeanSquare(Filled("msra", {200, 50})), 2 / 50.0, 2e-3);
  EXPECT_NEAR(MeanSquare(Filled("gaussian", {100, 100})), 1, 0.05);
}

TEST(FillerTest, RangesAndSums) {
  const Tensor uniform = Filled("uniform", {1000});
  for (float value : uniform.values()) {
    EXPECT_GE(value, 0);
    EXPECT_LE(value, 1);
  }
  const Tensor ball = Filled("positive_unitball", {2, 10});
  float sum = 0;
  for (int i = 0; i < 10; ++i) sum += ball.data()[10 + i];
  EXPECT_NEAR(sum, 1, 1e-5);
}

TEST(FillerTest, BilinearIsATent) {
  EXPECT_THAT(Filled("bilinear", {1, 1, 2, 2}).values(),
              ::testing::Each(0.25f));
  const Tensor tent = Filled("bilinear", {1, 1, 4, 4});
  EXPECT_FLOAT_EQ(tent.data()[5], 0.75f * 0.75f);
  EXPECT_FLOAT_EQ(tent.data()[0], 0.25f * 0.25f);
}

TEST(FillerTest, SeedDecides) {
  const Tensor a = Filled("gaussian", {8}, 1);
  const Tensor b = Filled("gaussian", {8}, 1);
  const Tensor c = Filled("gaussian", {8}, 2);
  EXPECT_EQ(a.values(), b.values());
  EXPECT_NE(a.values(), c.values());
}

TEST(FillerTest, RefusesUnknownTypes) {
  caffe::FillerParameter filler;
  filler.set_type("magic");
  Tensor blob({1});
  EXPECT_THAT(Fill(filler, 1, &blob),
              StatusIs(StatusCode::kInvalidArgument, "\"magic\""));
  filler.set_type("bilinear");
  EXPECT_THAT(Fill(filler, 1, &blob),
              StatusIs(StatusCode::kInvalidArgument, "4-D"));
}

}  // namespace
}  // namespace quantd
