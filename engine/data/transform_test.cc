#include "engine/data/transform.h"

#include <set>
#include <string>
#include <vector>

#include "base/testing/status_matchers.h"
#include "google/protobuf/text_format.h"

namespace quantd::testing {
namespace {

using ::testing::ElementsAre;
using Code = absl::StatusCode;

caffe::TransformationParameter Param(const std::string& text) {
  caffe::TransformationParameter param;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &param));
  return param;
}

// Values 0, 1, 2, ... of `channels` planes of height x width.
Image Ramp(int64_t channels, int64_t height, int64_t width) {
  Image image;
  image.channels = channels;
  image.height = height;
  image.width = width;
  for (int64_t i = 0; i < image.num_elements(); ++i) {
    image.bytes.push_back(static_cast<uint8_t>(i));
  }
  return image;
}

std::vector<float> Apply(ImageTransform* transform, const Image& image,
                         uint64_t index = 0) {
  const auto shape = transform->OutputShape(image);
  EXPECT_OK(shape);
  std::vector<float> output(shape.ok() ? shape->num_elements() : 0);
  EXPECT_OK(transform->Apply(image, index, absl::MakeSpan(output)));
  return output;
}

std::vector<float> Apply(const std::string& param, const Image& image,
                         absl::optional<Tensor> mean = absl::nullopt) {
  auto transform =
      ImageTransform::Create(Param(param), caffe::TEST, std::move(mean), 1);
  EXPECT_OK(transform);
  return Apply(&*transform, image);
}

TEST(ImageTransformTest, SubtractsThenScales) {
  EXPECT_THAT(Apply("mean_value: 1 scale: 0.5", Ramp(1, 1, 4)),
              ElementsAre(-0.5, 0, 0.5, 1));
  EXPECT_THAT(Apply("mean_value: 1 mean_value: 2", Ramp(2, 1, 2)),
              ElementsAre(-1, 0, 0, 1));
  EXPECT_THAT(Apply("", Ramp(1, 1, 2)), ElementsAre(0, 1));
}

TEST(ImageTransformTest, CropsTheCentreRoundedDown) {
  // Rows 0 1 2 3 / 4 5 6 7 / 8 9 10 11 / ...
  EXPECT_THAT(Apply("crop_size: 1", Ramp(1, 4, 4)), ElementsAre(5));
  EXPECT_THAT(Apply("crop_size: 2", Ramp(2, 3, 3)),
              ElementsAre(0, 1, 3, 4, 9, 10, 12, 13));
}

TEST(ImageTransformTest, MeanImageIsIndexedBeforeCropping) {
  Tensor mean(Shape({1, 3, 3}));
  for (int i = 0; i < 9; ++i) mean.data()[i] = static_cast<float>(10 * i);
  EXPECT_THAT(Apply("crop_size: 1", Ramp(1, 3, 3), mean), ElementsAre(-36));
}

TEST(ImageTransformTest, TakesFloats) {
  Image image = Ramp(1, 1, 2);
  image.bytes.clear();
  image.floats = {0.5f, -1};
  EXPECT_THAT(Apply("scale: 2", image), ElementsAre(1, -2));
}

TEST(ImageTransformTest, MirrorsInTrainOnly) {
  EXPECT_THAT(Apply("mirror: true", Ramp(1, 1, 3)), ElementsAre(0, 1, 2));
  ASSERT_OK_AND_ASSIGN(auto transform,
                       ImageTransform::Create(Param("mirror: true"),
                                              caffe::TRAIN, absl::nullopt, 1));
  std::set<std::vector<float>> seen;
  for (int i = 0; i < 50; ++i) {
    seen.insert(Apply(&transform, Ramp(1, 1, 3), i));
  }
  EXPECT_THAT(seen, ElementsAre(std::vector<float>{0, 1, 2},
                                std::vector<float>{2, 1, 0}));
}

TEST(ImageTransformTest, CropsAnywhereInTrainAndRepeatably) {
  const auto sequence = [](uint64_t seed) {
    auto transform = ImageTransform::Create(Param("crop_size: 1"), caffe::TRAIN,
                                            absl::nullopt, seed);
    std::vector<float> values;
    for (int i = 0; i < 200; ++i) {
      values.push_back(Apply(&*transform, Ramp(1, 2, 3), i)[0]);
    }
    return values;
  };
  const std::vector<float> values = sequence(1);
  EXPECT_EQ(std::set<float>(values.begin(), values.end()).size(), 6u);
  EXPECT_EQ(values, sequence(1));
  EXPECT_NE(values, sequence(2));
}

TEST(ImageTransformTest, RefusesConflicts) {
  EXPECT_THAT(ImageTransform::Create(Param("mean_value: 1"), caffe::TEST,
                                     Tensor(Shape({1, 1, 1})), 1),
              HasReason("OPTION_CONFLICT"));
  EXPECT_THAT(
      ImageTransform::Create(Param("force_color: true force_gray: true"),
                             caffe::TEST, absl::nullopt, 1),
      HasReason("OPTION_CONFLICT"));
}

TEST(ImageTransformTest, NamesBothShapesThatDoNotFit) {
  const auto shape = [](const std::string& param, const Image& image,
                        absl::optional<Tensor> mean) {
    return ImageTransform::Create(Param(param), caffe::TEST, mean, 1)
        ->OutputShape(image);
  };
  EXPECT_THAT(shape("crop_size: 5", Ramp(1, 4, 6), absl::nullopt),
              StatusIs(Code::kFailedPrecondition, "1x4x6"));
  EXPECT_THAT(shape("", Ramp(1, 2, 2), Tensor(Shape({1, 3, 3}))),
              StatusIs(Code::kFailedPrecondition, "1x3x3"));
  EXPECT_THAT(
      shape("mean_value: 1 mean_value: 2", Ramp(3, 2, 2), absl::nullopt),
      HasReason("DATASET_SHAPE_MISMATCH"));
}

TEST(ImageTransformTest, ColorMode) {
  const auto mode = [](const std::string& param) {
    return ImageTransform::ColorModeOf(Param(param));
  };
  EXPECT_EQ(mode(""), ColorMode::kAsStored);
  EXPECT_EQ(mode("force_color: true"), ColorMode::kColor);
  EXPECT_EQ(mode("force_gray: true"), ColorMode::kGray);
}

}  // namespace
}  // namespace quantd::testing
