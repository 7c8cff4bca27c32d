#include "engine/jobs/calibration/blob_observers.h"

#include <algorithm>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "base/testing/status_matchers.h"
#include "engine/layers/registry.h"
#include "google/protobuf/text_format.h"

namespace quantd {
namespace {

using ::quantd::testing::HasReason;

constexpr char kNet[] = R"(
  layer { name: 'in' type: 'Input' top: 'x'
          input_param { shape { dim: 1 dim: 3 dim: 64 dim: 64 } } }
  layer { name: 'conv1' type: 'Convolution' bottom: 'x' top: 'c1'
          convolution_param { num_output: 10 kernel_size: 3 pad: 1
                              weight_filler { type: 'gaussian' std: 0.3 } } }
  layer { name: 'relu1' type: 'ReLU' bottom: 'c1' top: 'r1' }
  layer { name: 'conv2' type: 'Convolution' bottom: 'x' top: 'c2'
          convolution_param { num_output: 6 kernel_size: 1
                              weight_filler { type: 'gaussian' std: 0.7 } } }
  layer { name: 'cat' type: 'Concat' bottom: 'r1' bottom: 'c2' top: 'y' })";

// A kernel's layout that pads: the plain values with zeros behind them.
class PaddedLayout : public KernelLayout {
 public:
  explicit PaddedLayout(absl::Span<const float> plain)
      : size_(plain.size()), values_(plain.begin(), plain.end()) {
    values_.resize(size_ * 2, 0.0f);
  }
  void CopyToPlain(float* plain) const override {
    std::copy_n(values_.data(), size_, plain);
  }
  absl::Span<const float> stored_values() const override { return values_; }

 private:
  const size_t size_;
  std::vector<float> values_;
};

// Watches r1, c2 and their Concat y.
class BlobObserversTest : public ::testing::Test {
 protected:
  BlobObserversTest() {
    caffe::NetParameter param;
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(kNet, &param));
    auto net = Net::Create(param, {}, MakeLayer);
    EXPECT_TRUE(net.ok()) << net.status().ToString();
    net_ = *std::move(net);
    for (const char* blob : {"r1", "c2", "y"}) {
      QuantizedBlob quantized;
      quantized.blob = blob;
      quantized.consumers = {{4, "cat", 0}};
      plan_.blobs.push_back(quantized);
    }
  }

  // Runs random images; what the observers and the exact search find.
  void Run(int num_images) {
    std::map<std::string, std::vector<float>> values;
    ASSERT_OK_AND_ASSIGN(auto observers,
                         BlobObservers::Create(plan_, *net_, num_images));
    ASSERT_OK_AND_ASSIGN(Tensor * input, net_->MutableBlob("x"));
    std::mt19937 random(7);
    std::normal_distribution<float> normal;
    for (int image = 0; image < num_images; ++image) {
      for (float& x : input->values()) x = normal(random);
      ASSERT_OK(net_->Forward([&](int index) {
        Tensor* top = net_->tops(index)[0];
        if (padded_) {
          top->SetKernelLayout(std::make_shared<PaddedLayout>(top->values()));
        }
        return observers->Observe(index);
      }));
      for (const QuantizedBlob& blob : plan_.blobs) {
        ASSERT_OK_AND_ASSIGN(const Tensor* tensor, net_->Blob(blob.blob));
        std::vector<float>& all = values[blob.blob];
        all.insert(all.end(), tensor->values().begin(), tensor->values().end());
      }
    }
    ASSERT_OK_AND_ASSIGN(found_, observers->Finish());
    for (const QuantizedBlob& blob : plan_.blobs) {
      ASSERT_OK_AND_ASSIGN(const IfmrResult exact,
                           IfmrSearch(values[blob.blob], IfmrParams()));
      expected_.push_back(exact);
    }
  }

  bool padded_ = true;
  std::unique_ptr<Net> net_;
  QuantPlan plan_;
  std::vector<BlobFactors> found_;
  std::vector<IfmrResult> expected_;
};

TEST_F(BlobObserversTest, LargeBlobsAndTheirConcatAreAsSearchedOverTheValues) {
  // c2 has 24,576 values an image: above what is kept whole.
  Run(48);
  ASSERT_EQ(found_.size(), 3u);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(found_[i].ifmr.max, expected_[i].max) << plan_.blobs[i].blob;
    EXPECT_EQ(found_[i].ifmr.min, expected_[i].min) << plan_.blobs[i].blob;
    EXPECT_EQ(found_[i].ifmr.scale, expected_[i].scale) << plan_.blobs[i].blob;
    EXPECT_EQ(found_[i].ifmr.offset, expected_[i].offset);
  }
  EXPECT_EQ(found_[2].shape, Shape({1, 16, 64, 64}));
}

TEST_F(BlobObserversTest, LayoutsOfTheKernelsThemselves) {
  padded_ = false;
  Run(48);
  ASSERT_EQ(found_.size(), 3u);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(found_[i].ifmr.scale, expected_[i].scale) << plan_.blobs[i].blob;
  }
}

TEST_F(BlobObserversTest, SmallBlobsToo) {
  Run(2);
  ASSERT_EQ(found_.size(), 3u);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(found_[i].ifmr.scale, expected_[i].scale) << plan_.blobs[i].blob;
    EXPECT_EQ(found_[i].ifmr.offset, expected_[i].offset);
  }
}

TEST_F(BlobObserversTest, JointBlobsHaveTheFactorsOfTheirConcat) {
  for (const bool is_large : {true, false}) {
    for (QuantizedBlob& blob : plan_.blobs) blob.searched = {"r1", "c2"};
    expected_.clear();
    Run(is_large ? 48 : 2);
    ASSERT_EQ(found_.size(), 3u);
    ASSERT_NE(expected_[0].scale, expected_[2].scale);
    for (size_t i = 0; i < 3; ++i) {
      EXPECT_EQ(found_[i].ifmr.scale, expected_[2].scale) << i;
      EXPECT_EQ(found_[i].ifmr.offset, expected_[2].offset) << i;
      EXPECT_EQ(found_[i].ifmr.max, expected_[2].max) << i;
    }
    // What is observed has statistics of its own.
    EXPECT_EQ(found_[0].summary.min, 0);
    EXPECT_LT(found_[1].summary.min, -1);
    EXPECT_EQ(found_[2].summary.count,
              found_[0].summary.count + found_[1].summary.count);
    EXPECT_NEAR(found_[2].summary.mean_square_error * 16,
                found_[0].summary.mean_square_error * 10 +
                    found_[1].summary.mean_square_error * 6,
                found_[2].summary.mean_square_error * 16e-4);
    EXPECT_EQ(found_[0].shape, Shape({1, 10, 64, 64}));
  }
}

TEST_F(BlobObserversTest, JointBlobsMayBeSearchedOverTheConcatAlone) {
  for (size_t i : {1, 2}) plan_.blobs[i].searched = {"y"};
  Run(48);
  ASSERT_EQ(found_.size(), 3u);
  EXPECT_EQ(found_[0].ifmr.scale, expected_[0].scale);
  EXPECT_EQ(found_[1].ifmr.scale, expected_[2].scale);
  EXPECT_EQ(found_[2].ifmr.scale, expected_[2].scale);
  EXPECT_EQ(found_[1].shape, Shape({1, 6, 64, 64}));
}

TEST_F(BlobObserversTest, NamesLayerAndBlobOfWhatIsNotFinite) {
  ASSERT_OK_AND_ASSIGN(auto observers, BlobObservers::Create(plan_, *net_, 1));
  ASSERT_OK_AND_ASSIGN(Tensor * input, net_->MutableBlob("x"));
  for (float& x : input->values()) x = 3e38f;
  const absl::Status status =
      net_->Forward([&](int index) { return observers->Observe(index); });
  EXPECT_THAT(status, HasReason("ACTIVATION_NOT_FINITE"));
  EXPECT_EQ(GetErrorMetadata(status).at("layer"), "cat");
}

TEST_F(BlobObserversTest, UnknownBlobsAndMissingBatchesAreErrors) {
  ASSERT_OK_AND_ASSIGN(auto observers, BlobObservers::Create(plan_, *net_, 1));
  EXPECT_FALSE(observers->Finish().ok());
  plan_.blobs[0].blob = "nowhere";
  EXPECT_THAT(BlobObservers::Create(plan_, *net_, 1),
              HasReason("BLOB_NOT_FOUND"));
}

TEST(RecurrentObserversTest, StatesBelongToX) {
  caffe::NetParameter param;
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(
      R"(layer { name: 'in' type: 'Input' top: 'x' top: 'cont'
                 input_param { shape { dim: 3 dim: 2 dim: 2 }
                               shape { dim: 3 dim: 2 } } }
         layer { name: 'lstm' type: 'LSTM' bottom: 'x' bottom: 'cont' top: 'h'
                 recurrent_param {
                   num_output: 4
                   weight_filler { type: 'gaussian' std: 9 } } })",
      &param));
  ASSERT_OK_AND_ASSIGN(auto net, Net::Create(param, {}, MakeLayer));
  QuantPlan plan;
  plan.blobs.resize(1);
  plan.blobs[0].blob = "x";
  plan.blobs[0].consumers = {{1, "lstm", 0}};
  ASSERT_OK_AND_ASSIGN(auto observers, BlobObservers::Create(plan, *net, 2));
  ASSERT_OK_AND_ASSIGN(Tensor * x, net->MutableBlob("x"));
  ASSERT_OK_AND_ASSIGN(Tensor * cont, net->MutableBlob("cont"));
  ASSERT_OK_AND_ASSIGN(const Tensor* h, net->Blob("h"));
  std::vector<float> values;
  for (int pass = 0; pass < 2; ++pass) {
    for (int i = 0; i < 12; ++i) x->data()[i] = 0.01f * (i + pass);
    // The second sequence starts anew at step 1.
    for (int i = 0; i < 6; ++i) cont->data()[i] = i < 2 || i == 3 ? 0 : 1;
    ASSERT_OK(
        net->Forward([&](int index) { return observers->Observe(index); }));
    values.insert(values.end(), x->values().begin(), x->values().end());
    for (int i = 0; i < 24; ++i) {
      const int row = i / 4;
      values.push_back(row < 2 ? 0 : cont->data()[row] * h->data()[i - 8]);
    }
  }
  ASSERT_OK_AND_ASSIGN(const auto found, observers->Finish());
  ASSERT_OK_AND_ASSIGN(const IfmrResult exact,
                       IfmrSearch(values, IfmrParams()));
  EXPECT_EQ(found[0].ifmr.scale, exact.scale);
  EXPECT_EQ(found[0].ifmr.offset, exact.offset);
  EXPECT_EQ(found[0].ifmr.min, exact.min);
  EXPECT_EQ(found[0].ifmr.max, exact.max);
  EXPECT_GT(std::max(exact.max, -exact.min), 0.2f);  // Of the states.
  EXPECT_EQ(found[0].summary.count, 72);
}

}  // namespace
}  // namespace quantd
