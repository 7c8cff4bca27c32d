#include <string>

#include "base/testing/status_matchers.h"
#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {
namespace {

LayerTester DummyData(const std::string& fields, int num_tops = 1) {
  std::string tops;
  for (int i = 0; i < num_tops; ++i)
    tops += "top: 't" + std::to_string(i) + "' ";
  return LayerTester("type: 'DummyData' " + tops + "dummy_data_param { " +
                     fields + " }");
}

TEST(DummyDataLayerTest, ConstantIsZeroByDefault) {
  LayerTester zero = DummyData("shape { dim: 2 dim: 1 }");
  ASSERT_OK(zero.Forward());
  EXPECT_EQ(zero.OutputShape("t0"), Shape({2, 1}));
  EXPECT_THAT(zero.Output("t0"), Values({0, 0}));
  LayerTester constant =
      DummyData("shape { dim: 2 } data_filler { value: 1.25 }");
  ASSERT_OK(constant.Forward());
  ASSERT_OK(constant.Forward());
  EXPECT_THAT(constant.Output("t0"), Values({1.25, 1.25}));
}

TEST(DummyDataLayerTest, OneShapeAndFillerOrOnePerTop) {
  LayerTester shared =
      DummyData("shape { dim: 1 } data_filler { value: 3 }", 2);
  ASSERT_OK(shared.Forward());
  EXPECT_THAT(shared.Output("t1"), Values({3}));
  LayerTester own = DummyData(
      "shape { dim: 1 } shape { dim: 2 } data_filler { value: 3 } "
      "data_filler { value: 4 }",
      2);
  ASSERT_OK(own.Forward());
  EXPECT_THAT(own.Output("t0"), Values({3}));
  EXPECT_THAT(own.Output("t1"), Values({4, 4}));
}

TEST(DummyDataLayerTest, LegacyDimensions) {
  LayerTester legacy =
      DummyData("num: 2 num: 3 channels: 1 height: 4 width: 5 width: 6", 2);
  ASSERT_OK(legacy.Forward());
  EXPECT_EQ(legacy.OutputShape("t0"), Shape({2, 1, 4, 5}));
  EXPECT_EQ(legacy.OutputShape("t1"), Shape({3, 1, 4, 6}));
}

TEST(DummyDataLayerTest, RandomValuesAreNewInEveryPassAndRepeatable) {
  const std::string fields =
      "shape { dim: 100 } data_filler { type: 'uniform' min: 2 max: 3 }";
  LayerTester random = DummyData(fields, 2);
  ASSERT_OK(random.Forward());
  const std::vector<float> first = random.Output("t0");
  for (const float value : first) {
    EXPECT_GE(value, 2);
    EXPECT_LT(value, 3);
  }
  EXPECT_NE(random.Output("t1"), first);
  ASSERT_OK(random.Forward());
  EXPECT_NE(random.Output("t0"), first);
  LayerTester again = DummyData(fields, 2);
  ASSERT_OK(again.Forward());
  EXPECT_EQ(again.Output("t0"), first);
}

TEST(DummyDataLayerTest, NamesWhatIsWrong) {
  for (const char* fields :
       {"", "shape { dim: 1 } num: 1", "num: 1 channels: 1 height: 1",
        "shape { dim: -1 }", "shape { dim: 1 } data_filler { type: 'x' }",
        "shape { dim: 1 } shape { dim: 1 }"}) {
    EXPECT_THAT(DummyData(fields).Forward(),
                HasReason("LAYER_PARAMETER_INVALID"))
        << fields;
  }
  EXPECT_THAT(
      DummyData("shape { dim: 1 } data_filler {} data_filler {}", 3).Forward(),
      HasReason("LAYER_PARAMETER_INVALID"));
  EXPECT_THAT(
      DummyData("shape { dim: 2000000000 } shape { dim: 2000000000 } shape { "
                "dim: 2000000000 }",
                3)
          .Forward(),
      HasReason("MEMORY_ESTIMATE_EXCEEDED"));
}

}  // namespace
}  // namespace quantd::testing
