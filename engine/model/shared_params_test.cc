#include "engine/model/shared_params.h"

#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace quantd {
namespace {

TEST(SharedParamsTest, NamesUsedOnceShareNothing) {
  caffe::NetParameter net;
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(
      "layer { name: 'a' param { name: 'w' } param { name: 'a_bias' } }"
      "layer { name: 'b' param { lr_mult: 1 } param { name: 'b_bias' } }"
      "layer { name: 'c' param { lr_mult: 1 } param { name: 'w' } }",
      &net));
  const auto shared = SharedParams(net);
  EXPECT_THAT(shared, ::testing::UnorderedElementsAre("w"));
  EXPECT_EQ(FirstSharedParam(net.layer(0), shared), "w");
  EXPECT_EQ(FirstSharedParam(net.layer(1), shared), "");
  EXPECT_EQ(FirstSharedParam(net.layer(2), shared), "w");
}

}  // namespace
}  // namespace quantd
