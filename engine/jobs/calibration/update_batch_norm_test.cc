#include "engine/jobs/calibration/update_batch_norm.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/testing/status_matchers.h"
#include "engine/data/testing/test_lmdb.h"
#include "engine/jobs/testing/recording_monitor.h"
#include "google/protobuf/text_format.h"

namespace quantd {
namespace {

using ::quantd::testing::HasReason;
using ::testing::ElementsAre;
using ::testing::FloatNear;

// y = BatchNorm(weight * x) of one channel, with `blobs` in the BatchNorm.
caffe::NetParameter Net(float weight, const std::string& param,
                        const std::string& blobs) {
  caffe::NetParameter net;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(
      absl::StrCat("layer { name: 'in' type: 'Input' top: 'x' }"
                   "layer { name: 'conv' type: 'Convolution' bottom: 'x' "
                   "top: 'c' convolution_param { num_output: 1 kernel_size: 1 "
                   "bias_term: false } blobs { shape { dim: 1 dim: 1 dim: 1 "
                   "dim: 1 } data: ",
                   weight,
                   " } } layer { name: 'bn' type: 'BatchNorm' bottom: 'c' "
                   "top: 'y' batch_norm_param { use_global_stats: true "
                   "eps: 1 ",
                   param, " } ", blobs, " }"),
      &net));
  return net;
}

// Mean 1, variance 4.
constexpr char kTrained[] =
    "blobs { shape { dim: 1 } data: 2 } blobs { shape { dim: 1 } data: 8 } "
    "blobs { shape { dim: 1 } data: 2 }";

class UpdateBatchNormTest : public ::testing::Test {
 protected:
  // The pixels of both images: mean 4, unbiased variance 20 / 3. A third image
  // is not in the calibration batches.
  UpdateBatchNormTest() {
    data_.lmdb_path = testing::WriteLmdb(
        std::vector<caffe::Datum>{testing::MakeDatum(1, 1, 2, "\x01\x03"),
                                  testing::MakeDatum(1, 1, 2, "\x05\x07"),
                                  testing::MakeDatum(1, 1, 2, "\xf0\xff")});
    data_.batch_size = 2;
    config_.iterations = 2;
  }

  // Values of the BatchNorm's blobs.
  absl::StatusOr<std::vector<float>> Update(const caffe::NetParameter& original,
                                            caffe::NetParameter quantized) {
    const auto feed = FindFeed(original, nullptr, JobInputs());
    EXPECT_OK(feed);
    PhaseTracker tracker(&monitor_);
    const absl::Status status =
        UpdateBatchNorm(original, config_, *feed, data_, &tracker, &quantized);
    if (!status.ok()) return status;
    // The layer itself stays as it was.
    EXPECT_TRUE(quantized.layer(2).batch_norm_param().use_global_stats());
    std::vector<float> values;
    for (const caffe::BlobProto& blob : quantized.layer(2).blobs()) {
      EXPECT_EQ(blob.shape().dim(0), 1);
      values.push_back(blob.data(0));
    }
    return values;
  }

  testing::RecordingMonitor monitor_;
  BnUpdateConfig config_;
  CalibrationData data_;
};

TEST_F(UpdateBatchNormTest, WithoutAChangeOfTheWeightsNothingChanges) {
  const caffe::NetParameter net = Net(1, "", kTrained);
  ASSERT_OK_AND_ASSIGN(const auto blobs, Update(net, net));
  EXPECT_THAT(blobs, ElementsAre(1, 4, 1));
  EXPECT_EQ(monitor_.progress.back().phase(), "BATCHNORM");
  EXPECT_EQ(monitor_.progress.back().done(), 4);
  EXPECT_EQ(monitor_.progress.back().total(), 4);
}

// Two passes with a = 1/2 from (2, 8, 2):
//   factor   (2 / 2 + 1) / 2 + 1 = 2
//   weight 1: mean (2 / 2 + 4) / 2 + 4 = 6.5,
//             variance (8 / 2 + 20/3) / 2 + 20/3 = 12
//   weight 2: mean (2 / 2 + 8) / 2 + 8 = 12.5, variance 2 + 1.5 * 80/3 = 42
// so mean = 1 + (12.5 - 6.5) / 2, variance + 1 = 5 * 22 / 7.
TEST_F(UpdateBatchNormTest, TheStatisticsMoveByWhatTheWeightsChanged) {
  ASSERT_OK_AND_ASSIGN(const auto blobs,
                       Update(Net(1, "", kTrained), Net(2, "", kTrained)));
  EXPECT_THAT(blobs, ElementsAre(FloatNear(4, 1e-5f),
                                 FloatNear(110.0f / 7 - 1, 1e-4f), 1));
}

// a = 1/4: factor 1.375; means (2 / 4 + 4) / 4 + 4 = 5.125 and 10.125;
// variances 0.5 + 1.25 * 20/3 = 53/6 and 0.5 + 1.25 * 80/3 = 203/6.
TEST_F(UpdateBatchNormTest, TheLayersOwnMovingAverageComesFirst) {
  const std::string own = "moving_average_fraction: 0.25";
  ASSERT_OK_AND_ASSIGN(const auto blobs,
                       Update(Net(1, own, kTrained), Net(2, own, kTrained)));
  const float expected =
      5 * (203.0f / 6 / 1.375f + 1) / (53.0f / 6 / 1.375f + 1);
  EXPECT_THAT(blobs, ElementsAre(FloatNear(1 + 5 / 1.375f, 1e-5f),
                                 FloatNear(expected - 1, 1e-4f), 1));
  config_.moving_average_fraction = 0.25f;
  ASSERT_OK_AND_ASSIGN(const auto same,
                       Update(Net(1, "", kTrained), Net(2, "", kTrained)));
  EXPECT_EQ(same, blobs);
}

// Batches of one image: means 2 and 6, unbiased variances 2, with a = 1/2.
TEST_F(UpdateBatchNormTest, BatchesComeInTurnAndAgain) {
  data_.batch_size = 1;
  data_.batch_num = 2;
  config_.iterations = 3;  // Images 1, 2, 1.
  ASSERT_OK_AND_ASSIGN(const auto blobs,
                       Update(Net(1, "", ""), Net(1, "", "")));
  EXPECT_THAT(blobs, ElementsAre(FloatNear((0.5f + 3 + 2) / 1.75f, 1e-5f),
                                 FloatNear(2, 1e-5f), 1));
}

TEST_F(UpdateBatchNormTest, ALayerWithoutStatisticsTakesTheMeasuredOnes) {
  ASSERT_OK_AND_ASSIGN(const auto blobs,
                       Update(Net(1, "", ""), Net(2, "", "")));
  EXPECT_THAT(blobs,
              ElementsAre(FloatNear(8, 1e-5f), FloatNear(80.0f / 3, 1e-4f), 1));
}

TEST_F(UpdateBatchNormTest, StatisticsMustBeFinite) {
  const caffe::NetParameter net = Net(1, "",
                                      "blobs { shape { dim: 1 } data: nan } "
                                      "blobs { shape { dim: 1 } data: 8 } "
                                      "blobs { shape { dim: 1 } data: 2 }");
  EXPECT_THAT(Update(net, net), HasReason("ACTIVATION_NOT_FINITE"));
}

TEST_F(UpdateBatchNormTest, AFactorThatEndsAtZeroIsAnError) {
  config_.iterations = 1;
  const caffe::NetParameter net = Net(1, "",
                                      "blobs { shape { dim: 1 } data: 2 } "
                                      "blobs { shape { dim: 1 } data: 8 } "
                                      "blobs { shape { dim: 1 } data: -2 }");
  EXPECT_THAT(Update(net, net), HasReason("ACTIVATION_NOT_FINITE"));
}

TEST_F(UpdateBatchNormTest, CancellingStopsIt) {
  monitor_.cancelled = true;
  const caffe::NetParameter net = Net(1, "", kTrained);
  EXPECT_THAT(Update(net, net), HasReason("CANCELLED_BY_USER"));
}

}  // namespace
}  // namespace quantd
