#include "engine/jobs/calibration/fusion_check.h"

#include <string>
#include <vector>

#include "base/testing/status_matchers.h"
#include "engine/data/testing/test_lmdb.h"
#include "google/protobuf/text_format.h"

namespace quantd {
namespace {

using ::quantd::testing::HasReason;
using ::testing::HasSubstr;

// A convolution, a BatchNorm with statistics and a Scale.
constexpr char kNet[] = R"(
layer { name: 'in' type: 'Input' top: 'x'
  input_param { shape { dim: 1 dim: 1 dim: 2 dim: 2 } } }
layer { name: 'conv' type: 'Convolution' bottom: 'x' top: 'conv'
  convolution_param { num_output: 2 kernel_size: 1 }
  blobs { shape { dim: 2 dim: 1 dim: 1 dim: 1 } data: 0.5 data: -2 }
  blobs { shape { dim: 2 } data: 1 data: 3 } }
layer { name: 'bn' type: 'BatchNorm' bottom: 'conv' top: 'bn'
  batch_norm_param { use_global_stats: true eps: 0.5 }
  blobs { shape { dim: 2 } data: 2 data: -1 }
  blobs { shape { dim: 2 } data: 4 data: 0.25 }
  blobs { shape { dim: 1 } data: 2 } }
layer { name: 'scale' type: 'Scale' bottom: 'bn' top: 'scale'
  scale_param { bias_term: true }
  blobs { shape { dim: 2 } data: 3 data: 0.1 }
  blobs { shape { dim: 2 } data: -1 data: 0 } }
)";

class FusionCheckTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(
        google::protobuf::TextFormat::ParseFromString(kNet, &original_));
    auto feed = FindFeed(original_, nullptr, JobInputs());
    ASSERT_OK(feed);
    feed_ = *feed;
    auto fused = FuseBatchNorm(original_);
    ASSERT_OK(fused);
    fused_ = *fused;
    ASSERT_EQ(fused_.net.layer_size(), 2);
    lmdb_ = testing::WriteLmdb(std::vector<caffe::Datum>{
        testing::MakeDatum(1, 2, 2, "\x01\x07\x64\xff")});
  }

  absl::Status Check() { return CheckFusion(original_, fused_, feed_, lmdb_); }

  caffe::NetParameter original_;
  FusedNet fused_;
  NetworkFeed feed_;
  std::string lmdb_;
};

TEST_F(FusionCheckTest, FusionIsExactEnough) { EXPECT_OK(Check()); }

TEST_F(FusionCheckTest, OneWrongChannelIsFound) {
  caffe::BlobProto* bias = fused_.net.mutable_layer(1)->mutable_blobs(1);
  ASSERT_EQ(bias->data_size(), 2);
  bias->set_data(1, bias->data(1) + 1);
  const absl::Status status = Check();
  EXPECT_THAT(status, HasReason("FUSION_MISMATCH"));
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("layer \"conv\": with bn, scale fused into it"));
}

TEST_F(FusionCheckTest, RoundingIsAllowed) {
  caffe::BlobProto* bias = fused_.net.mutable_layer(1)->mutable_blobs(1);
  bias->set_data(1, bias->data(1) + 0.01f);
  EXPECT_OK(Check());
}

TEST_F(FusionCheckTest, NothingFusedNeedsNoData) {
  fused_.report.fused.clear();
  lmdb_ = "/no/such/lmdb";
  EXPECT_OK(Check());
}

}  // namespace
}  // namespace quantd
