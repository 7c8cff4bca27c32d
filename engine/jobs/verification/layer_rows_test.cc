#include "engine/jobs/verification/layer_rows.h"

#include <limits>
#include <vector>

#include "base/testing/status_matchers.h"
#include "gtest/gtest.h"

namespace quantd {
namespace {

using testing::HasReason;

// Sums of two channels, with steps of their own.
struct Integers {
  std::vector<int64_t> values;
  const std::vector<int64_t>& sums() const { return values; }
  template <typename Visit>
  void ForEachStretch(Visit visit) const {
    const auto half = static_cast<int64_t>(values.size() / 2);
    visit(0, half, 0);
    visit(half, half, 1);
  }
  double StepOf(int64_t channel) const { return channel == 0 ? 0.5 : 0.1; }
};

class LayerRowsTest : public ::testing::Test {
 protected:
  // A row of a layer without weights, with an input of `num_bits`.
  void AddLayer(const char* name, int num_bits) {
    caffe::LayerParameter layer;
    layer.set_name(name);
    layer.set_type("Pooling");
    DeployFactors factors;
    factors.inputs.push_back(FakeQuantParams{0.5f, 0, num_bits});
    ASSERT_OK(rows_.Add(layer, layer, factors));
  }

  v1::VerifiedLayer Row(int index) const {
    v1::VerifyResult result;
    rows_.AddTo(&result);
    return result.layers(index);
  }

  LayerRows rows_;
};

TEST_F(LayerRowsTest, LayersWithFloatInputsHaveNoRow) {
  caffe::LayerParameter layer;
  layer.set_name("float");
  ASSERT_OK(rows_.Add(layer, layer, {{absl::nullopt}, {}}));
  AddLayer("z", 8);
  AddLayer("a", 12);
  v1::VerifyResult result;
  rows_.AddTo(&result);
  ASSERT_EQ(result.layers_size(), 2);
  EXPECT_EQ(result.layers(0).layer(), "z");
  EXPECT_FALSE(result.layers(0).integer());
  EXPECT_EQ(result.layers(1).num_bits_d(), 12);
}

TEST_F(LayerRowsTest, InputsOfBothRunsAreApart) {
  AddLayer("l", 8);
  using Run = LayerRows::Run;
  for (int pass = 0; pass < 2; ++pass) {
    ASSERT_OK(rows_.CompareInputs("l", Run::kByLayer, {1, 2, 3}, {1, 2, 5}));
  }
  ASSERT_OK(rows_.CompareInputs("l", Run::kAlone, {1}, {1}));
  EXPECT_EQ(Row(0).inputs().num_elements(), 6);
  EXPECT_EQ(Row(0).inputs().num_differing(), 2);
  EXPECT_EQ(Row(0).inputs().max_steps(), 2);
  EXPECT_EQ(Row(0).inputs_alone().num_elements(), 1);
  EXPECT_EQ(Row(0).inputs_alone().num_differing(), 0);
  EXPECT_THAT(rows_.CompareInputs("l", Run::kAlone, {1, 2}, {1}),
              HasReason("MODELS_NOT_COMPARABLE"));
}

TEST_F(LayerRowsTest, SumsAreComparedInTheirSteps) {
  AddLayer("l", 8);
  ASSERT_OK(rows_.CompareSums("l", Integers{{4, 5, 6, 7}},
                              {2.0f, 3.5f, 0.6f, 0.74f}));
  EXPECT_EQ(Row(0).sums().num_elements(), 4);
  EXPECT_EQ(Row(0).sums().num_differing(), 1);  // 5 beside 7.
  EXPECT_EQ(Row(0).sums().max_steps(), 2);
  EXPECT_EQ(Row(0).num_overflows(), 0);
}

TEST_F(LayerRowsTest, SumsThatFloatCannotSayAreEqualAsFloats) {
  AddLayer("l", 8);
  const int64_t large = (int64_t{1} << 32) + 77;
  const float same = static_cast<float>(large);
  ASSERT_OK(rows_.CompareSums("l", Integers{{large, large}},
                              {same * 0.5f, same * 0.1f}));
  EXPECT_EQ(Row(0).sums().num_differing(), 0);
  EXPECT_EQ(Row(0).num_overflows(), 2);
  ASSERT_OK(rows_.CompareSums("l", Integers{{large, large}},
                              {same * 0.5f, same * 0.1001f}));
  EXPECT_EQ(Row(0).sums().num_differing(), 1);
}

TEST_F(LayerRowsTest, SumsOfFinerInputsHaveLargerSteps) {
  AddLayer("l", 12);
  ASSERT_OK(rows_.CompareSums("l", Integers{{100, 100}}, {57.5f, 0.1f * 116}));
  EXPECT_EQ(Row(0).sums().num_differing(), 1);  // By 15 and by 16.
  EXPECT_EQ(Row(0).sums().max_steps(), 1);
}

TEST_F(LayerRowsTest, ResultsMustBeFiniteAndAsMany) {
  AddLayer("l", 8);
  const Integers integers = {{1, 2}};
  EXPECT_THAT(rows_.CompareSums("l", integers, {1.0f}),
              HasReason("MODELS_NOT_COMPARABLE"));
  EXPECT_THAT(
      rows_.CompareSums("l", integers,
                        {1.0f, std::numeric_limits<float>::quiet_NaN()}),
      HasReason("ACTIVATION_NOT_FINITE"));
}

}  // namespace
}  // namespace quantd
