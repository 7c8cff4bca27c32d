#include "base/testing/status_matchers.h"
#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {
namespace {

LayerTester MemoryData(const std::string& fields) {
  return LayerTester(
      "type: 'MemoryData' top: 'data' top: 'label' "
      "memory_data_param { " +
      fields + " }");
}

TEST(MemoryDataLayerTest, KeepsWhatTheCallerSets) {
  LayerTester data = MemoryData("batch_size: 2 channels: 1 height: 1 width: 2");
  ASSERT_OK(data.Forward());
  EXPECT_EQ(data.OutputShape("data"), Shape({2, 1, 1, 2}));
  EXPECT_EQ(data.OutputShape("label"), Shape({2}));
  ASSERT_OK_AND_ASSIGN(Tensor * blob, data.net()->MutableBlob("data"));
  for (int i = 0; i < 4; ++i) blob->data()[i] = static_cast<float>(i);
  ASSERT_OK(data.Forward());
  EXPECT_THAT(data.Output("data"), Values({0, 1, 2, 3}));
}

TEST(MemoryDataLayerTest, EveryDimensionIsNeeded) {
  EXPECT_THAT(MemoryData("batch_size: 2 channels: 1 height: 1").Forward(),
              HasReason("LAYER_PARAMETER_INVALID"));
  EXPECT_THAT(MemoryData("channels: 1 height: 1 width: 1").Forward(),
              HasReason("LAYER_PARAMETER_INVALID"));
  EXPECT_THAT(MemoryData("batch_size: 4294967295 channels: 4294967295 "
                         "height: 1 width: 1")
                  .Forward(),
              HasReason("LAYER_PARAMETER_INVALID"));
  LayerTester one_top("type: 'MemoryData' top: 'data'");
  EXPECT_THAT(one_top.Forward(), HasReason("LAYER_ARITY_INVALID"));
}

}  // namespace
}  // namespace quantd::testing
