#include "engine/jobs/calibration/bn_updated_model.h"

#include <cmath>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/testing/status_matchers.h"
#include "engine/data/testing/test_lmdb.h"
#include "engine/export/layer_weights.h"
#include "engine/jobs/testing/recording_monitor.h"
#include "google/protobuf/text_format.h"

namespace quantd {
namespace {

using ::quantd::testing::HasReason;
using ::testing::ElementsAre;
using ::testing::FloatNear;

// A layer of three channels, BatchNorm with standard deviations 2, 1 and 1, and
// a Scale by -2, 0 and 4.
caffe::NetParameter Net(const std::string& head, float gamma = 4) {
  caffe::NetParameter net;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(
      absl::StrCat("layer { name: 'in' type: 'Input' top: 'x' } ", head,
                   " layer { name: 'bn' type: 'BatchNorm' bottom: 'c' top: 'b' "
                   "batch_norm_param { use_global_stats: true eps: 0.5 } "
                   "blobs { shape { dim: 3 } data: [1, 2, 3] } "
                   "blobs { shape { dim: 3 } data: [3.5, 0.5, 0.5] } "
                   "blobs { shape { dim: 1 } data: 1 } } "
                   "layer { name: 'scale' type: 'Scale' bottom: 'b' top: 'y' "
                   "blobs { shape { dim: 3 } data: [-2, 0, ",
                   gamma, "] } }"),
      &net));
  return net;
}

// Weights that 8 bits express: codes 127, -64; 127, 0; -128, 64.
constexpr char kWeights[] = "data: [1.27, -0.64, 0.127, 0, -1.28, 0.64] } }";
const std::string kConvolution = absl::StrCat(
    "layer { name: 'head' type: 'Convolution' bottom: 'x' top: 'c' "
    "convolution_param { num_output: 3 kernel_size: 1 bias_term: false } "
    "blobs { shape { dim: 3 dim: 2 dim: 1 dim: 1 } ",
    kWeights);
const std::string kInnerProduct = absl::StrCat(
    "layer { name: 'head' type: 'InnerProduct' bottom: 'x' top: 'c' "
    "inner_product_param { num_output: 3 bias_term: false } "
    "blobs { shape { dim: 3 dim: 2 } ",
    kWeights);

class BnUpdatedModelTest : public ::testing::Test {
 protected:
  BnUpdatedModelTest() {
    data_.lmdb_path = testing::WriteLmdb(
        std::vector<caffe::Datum>{testing::MakeDatum(2, 1, 1, "\x01\x03"),
                                  testing::MakeDatum(2, 1, 1, "\x05\x02")});
    data_.batch_size = 2;
  }

  absl::StatusOr<BnUpdatedModel> Quantize(const caffe::NetParameter& net,
                                          bool snq = false) {
    auto config = DefaultQuantConfig(net);
    EXPECT_OK(config);
    config->update_bn = true;
    config->bn_update.iterations = 3;
    if (snq) {
      config->layers[0].weights->wts_algo = WeightAlgorithm::kSnq;
      config->layers[0].weights->num_bits = 4;
    }
    auto model = FuseModel(net, *config);
    EXPECT_OK(model);
    auto plan = MakeQuantPlan(model->fused.net, *config);
    EXPECT_OK(plan);
    model->plan = *plan;
    const auto feed = FindFeed(net, nullptr, JobInputs());
    EXPECT_OK(feed);
    PhaseTracker tracker(&monitor_);
    return QuantizeWithBnUpdate(*model, *config, *feed, data_, &tracker);
  }

  // The integers of the fused layer.
  static std::vector<int8_t> Codes(const BnUpdatedModel& model) {
    amct::SingleLayerRecord record;
    record.mutable_scale_w()->Assign(model.weights[0].scale.begin(),
                                     model.weights[0].scale.end());
    const auto codes = WeightCodes(model.fused.net.layer(1), record);
    EXPECT_OK(codes);
    return *codes;
  }

  testing::RecordingMonitor monitor_;
  CalibrationData data_;
};

TEST_F(BnUpdatedModelTest, FusionChangesTheStepsAndKeepsTheIntegers) {
  ASSERT_OK_AND_ASSIGN(const BnUpdatedModel model, Quantize(Net(kConvolution)));
  ASSERT_EQ(model.unfused_weights.size(), 1u);
  EXPECT_THAT(model.unfused_weights[0].scale,
              ElementsAre(FloatNear(0.01f, 1e-8f), FloatNear(0.001f, 1e-9f),
                          FloatNear(0.01f, 1e-8f)));
  ASSERT_EQ(model.weights.size(), 1u);
  // Times |-2| / 2, 0 (a step of 1 then), 4 / 1.
  EXPECT_THAT(model.weights[0].scale, ElementsAre(FloatNear(0.01f, 1e-6f), 1.0f,
                                                  FloatNear(0.04f, 1e-6f)));
  EXPECT_THAT(model.weights[0].offset, ElementsAre(0, 0, 0));
  EXPECT_THAT(Codes(model), ElementsAre(-127, 64, 0, 0, -128, 64));
  EXPECT_EQ(model.fused.net.layer_size(), 2);
  // What was measured is in the unfused net; the weights did not change, so it
  // is what was there.
  EXPECT_EQ(model.unfused.layer(2).name(), "bn");
  EXPECT_THAT(model.unfused.layer(2).blobs(0).data(),
              ElementsAre(FloatNear(1, 1e-5f), FloatNear(2, 1e-5f),
                          FloatNear(3, 1e-5f)));
}

// 127 is the end of the integers on one side only.
TEST_F(BnUpdatedModelTest, TurnedRoundTheSmallestIntegerIsCut) {
  ASSERT_OK_AND_ASSIGN(const BnUpdatedModel model,
                       Quantize(Net(kConvolution, -4)));
  EXPECT_THAT(Codes(model), ElementsAre(-127, 64, 0, 0, 127, -64));
}

TEST_F(BnUpdatedModelTest, ClusteredWeightsKeepTheirIntegers) {
  ASSERT_OK_AND_ASSIGN(const BnUpdatedModel model,
                       Quantize(Net(kConvolution), true));
  EXPECT_THAT(Codes(model), ElementsAre(-127, 64, 0, 0, -128, 64));
}

// Fused: -1.27 0.64; 0 0; -5.12 2.56 with one step, 5.12 / 128.
TEST_F(BnUpdatedModelTest, InnerProductIsQuantizedAgain) {
  ASSERT_OK_AND_ASSIGN(const BnUpdatedModel model,
                       Quantize(Net(kInnerProduct)));
  EXPECT_THAT(model.weights[0].scale, ElementsAre(FloatNear(0.04f, 1e-4f)));
  EXPECT_THAT(Codes(model), ElementsAre(-32, 16, 0, 0, -128, 64));
}

TEST_F(BnUpdatedModelTest, StepsHaveALimit) {
  const auto model = Quantize(Net(kConvolution, 1e10f));
  EXPECT_THAT(model, HasReason("SCALE_OUT_OF_RANGE"));
  ErrorMetadata metadata = GetErrorMetadata(model.status());
  EXPECT_EQ(metadata["layer"], "head");
  EXPECT_EQ(metadata["channel"], "2");
}

}  // namespace
}  // namespace quantd
