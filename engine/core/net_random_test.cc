// What random numbers depend on: the net's seed, the layers' names, the pass.
#include <string>
#include <vector>

#include "base/testing/status_matchers.h"
#include "engine/core/net.h"
#include "engine/layers/registry.h"
#include "google/protobuf/text_format.h"

namespace quantd {
namespace {

std::unique_ptr<Net> MakeNet(uint64_t seed) {
  caffe::NetParameter model;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(
      "layer { name: 'data' type: 'DummyData' top: 'x' dummy_data_param { "
      "shape { dim: 20 dim: 3 } data_filler { type: 'gaussian' } } } "
      "layer { name: 'ip' type: 'InnerProduct' bottom: 'x' top: 'y' "
      "inner_product_param { num_output: 4 weight_filler { type: 'xavier' } } "
      "} "
      "layer { name: 'drop' type: 'Dropout' bottom: 'y' top: 'z' }",
      &model));
  Net::Options options;
  options.phase = caffe::TRAIN;
  options.seed = seed;
  auto net = Net::Create(model, options, MakeLayer);
  EXPECT_OK(net);
  return std::move(net).value();
}

std::vector<float> Compute(Net* net) {
  EXPECT_OK(net->Forward());
  const absl::Span<const float> values = net->Blob("z").value()->values();
  return {values.begin(), values.end()};
}

TEST(NetRandomTest, TheSameSeedGivesTheSameNumbers) {
  EXPECT_EQ(Compute(MakeNet(1).get()), Compute(MakeNet(1).get()));
}

TEST(NetRandomTest, AnotherSeedGivesOtherWeights) {
  const auto a = MakeNet(1), b = MakeNet(2);
  EXPECT_NE(a->layer(1).blobs()[0].values(), b->layer(1).blobs()[0].values());
}

TEST(NetRandomTest, SkippedPassesLeaveOutTheirNumbers) {
  const auto whole = MakeNet(1);
  for (int skipped = 0; skipped < 4; ++skipped) {
    const auto net = MakeNet(1);
    ASSERT_OK(net->SkipPasses(skipped));
    EXPECT_EQ(Compute(net.get()), Compute(whole.get())) << skipped;
  }
}

}  // namespace
}  // namespace quantd
