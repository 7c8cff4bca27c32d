#include "base/testing/status_matchers.h"
#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {
namespace {

TEST(InputLayerTest, OneShapeServesAllTops) {
  ASSERT_OK_AND_ASSIGN(
      auto net, MakeLayerNet(ParseLayer("type: 'Input' top: 'a' top: 'b' "
                                        "input_param { shape { dim: 2 } }"),
                             {}));
  EXPECT_THAT(net->input_names(), ::testing::ElementsAre("a", "b"));
  EXPECT_EQ(net->Blob("b").value()->shape(), Shape({2}));
}

TEST(InputLayerTest, WithoutShapeTheCallerSetsIt) {
  ASSERT_OK_AND_ASSIGN(auto net,
                       MakeLayerNet(ParseLayer("type: 'Input' top: 'a'"), {}));
  ASSERT_OK_AND_ASSIGN(Tensor * blob, net->MutableBlob("a"));
  ASSERT_OK(blob->Resize({1, 3}));
  ASSERT_OK(net->Forward());
  EXPECT_EQ(blob->shape(), Shape({1, 3}));
}

TEST(InputLayerTest, RefusesBadShapes) {
  EXPECT_THAT(
      MakeLayerNet(ParseLayer("type: 'Input' top: 'a' top: 'b' top: "
                              "'c' input_param { shape { dim: 2 } "
                              "shape { dim: 3 } }"),
                   {}),
      StatusIs(absl::StatusCode::kInvalidArgument, "input_param.shape"));
  EXPECT_THAT(MakeLayerNet(ParseLayer("type: 'Input' top: 'a' "
                                      "input_param { shape { dim: -1 } }"),
                           {}),
              StatusIs(absl::StatusCode::kInvalidArgument, "negative"));
  EXPECT_THAT(MakeLayerNet(ParseLayer("type: 'Input' top: 'a' input_param { "
                                      "shape { dim: 65536 dim: 65536 } }"),
                           {}),
              StatusIs(absl::StatusCode::kInvalidArgument, "elements"));
}

}  // namespace
}  // namespace quantd::testing
