#include "engine/export/weight_tables.h"

#include <string>
#include <vector>

#include "base/testing/status_matchers.h"

namespace quantd {
namespace {

using ::quantd::testing::HasReason;
using ::quantd::testing::StatusIs;
using ::testing::ElementsAre;

caffe::LayerParameter Convolution(int channels,
                                  const std::vector<float>& weights) {
  caffe::LayerParameter layer;
  layer.set_name("conv");
  layer.set_type("Convolution");
  caffe::BlobProto* blob = layer.add_blobs();
  blob->mutable_shape()->add_dim(channels);
  blob->mutable_shape()->add_dim(static_cast<int64_t>(weights.size()) /
                                 channels);
  blob->mutable_data()->Assign(weights.begin(), weights.end());
  return layer;
}

amct::SingleLayerRecord Scales(const std::vector<float>& scales) {
  amct::SingleLayerRecord record;
  record.mutable_scale_w()->Assign(scales.begin(), scales.end());
  record.set_num_bits_w(4);
  return record;
}

std::vector<int> Numbers(const std::string& bytes) {
  std::vector<int> numbers;
  for (const char byte : bytes) numbers.push_back(static_cast<int8_t>(byte));
  return numbers;
}

TEST(WeightTablesTest, CodesAscendAndTheLargestFillsUp) {
  const auto layer = Convolution(2, {-0.25f, 0.5f, -0.25f, 3, -128, 127});
  ASSERT_OK_AND_ASSIGN(const std::string tables,
                       WeightTables(layer, Scales({0.25f, 1})));
  EXPECT_THAT(Numbers(tables),
              ElementsAre(-1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, -128,
                          3, 127, 127, 127, 127, 127, 127, 127, 127, 127, 127,
                          127, 127, 127, 127));
}

TEST(WeightTablesTest, OneScaleIsOneTable) {
  const auto layer = Convolution(2, {1, 2, 3, 4});
  ASSERT_OK_AND_ASSIGN(const std::string tables,
                       WeightTables(layer, Scales({1})));
  EXPECT_THAT(Numbers(tables),
              ElementsAre(1, 2, 3, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4));
}

TEST(WeightTablesTest, SixteenAreTheMost) {
  std::vector<float> weights;
  for (int i = 0; i < 16; ++i) weights.push_back(static_cast<float>(i - 8));
  EXPECT_OK(WeightTables(Convolution(1, weights), Scales({1})));
  weights.push_back(8);
  EXPECT_THAT(
      WeightTables(Convolution(1, weights), Scales({1})),
      ::testing::AllOf(HasReason("WEIGHTS_NOT_CLUSTERED"),
                       StatusIs(absl::StatusCode::kFailedPrecondition,
                                "layer \"conv\", channel 0: 17 different")));
}

}  // namespace
}  // namespace quantd
