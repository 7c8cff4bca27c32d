#include "engine/model/upgrade.h"

#include <fstream>
#include <sstream>
#include <string>

#include "base/testing/status_matchers.h"
#include "engine/model/prototxt.h"
#include "engine/model/upgrade_v1.h"
#include "google/protobuf/util/message_differencer.h"

namespace quantd {
namespace {

using ::quantd::testing::HasReason;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

caffe::NetParameter Parse(const std::string& text) {
  auto net = ParseNetPrototxt(text, "net.prototxt");
  EXPECT_OK(net);
  return net.ok() ? *std::move(net) : caffe::NetParameter();
}

caffe::NetParameter Upgraded(const std::string& text) {
  caffe::NetParameter net = Parse(text);
  EXPECT_OK(UpgradeNet(&net));
  return net;
}

void ExpectUpgrade(const std::string& before, const std::string& after) {
  const caffe::NetParameter net = Upgraded(before);
  google::protobuf::util::MessageDifferencer differencer;
  std::string difference;
  differencer.ReportDifferencesToString(&difference);
  EXPECT_TRUE(differencer.Compare(Parse(after), net)) << difference;
}

absl::Status UpgradeStatus(const std::string& text) {
  caffe::NetParameter net = Parse(text);
  return UpgradeNet(&net);
}

// What Caffe's own upgrade made of these files.
class CaffeUpgradeTest : public ::testing::TestWithParam<const char*> {};

TEST_P(CaffeUpgradeTest, EqualsCaffe) {
  const auto read = [](const std::string& end) {
    std::ifstream file(std::string("engine/model/testdata/upgrade_") +
                       GetParam() + end);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
  };
  ASSERT_FALSE(read("_in.prototxt").empty());
  ExpectUpgrade(read("_in.prototxt"), read("_out.prototxt"));
}

INSTANTIATE_TEST_SUITE_P(Cases, CaffeUpgradeTest,
                         ::testing::Values("cifar10_full_train_test", "lenet",
                                           "v1_hand", "v2_inputdim"));

TEST(UpgradeTest, TodaysFormStays) {
  const std::string text =
      "name: \"n\" layer { name: \"data\" type: \"Data\" top: \"data\" "
      "data_param { scale: 2 } include { phase: TRAIN } }";
  ExpectUpgrade(text, text);
}

TEST(UpgradeTest, V0PaddingIsMergedIntoConvolution) {
  ExpectUpgrade(
      "input: \"data\" input_dim: 1 input_dim: 3 input_dim: 8 input_dim: 8 "
      "layers { layer { name: \"p\" type: \"padding\" pad: 2 } "
      "  bottom: \"data\" top: \"pad\" } "
      "layers { layer { name: \"c\" type: \"conv\" num_output: 4 "
      "  kernelsize: 5 group: 1 stride: 2 biasterm: false blobs_lr: 1 "
      "  weight_decay: 0.5 weight_filler { type: \"xavier\" } } "
      "  bottom: \"pad\" top: \"c\" } "
      "layers { layer { name: \"s\" type: \"pool\" pool: AVE kernelsize: 3 } "
      "  bottom: \"c\" top: \"s\" } "
      "layers { layer { name: \"d\" type: \"dropout\" dropout_ratio: 0.25 } "
      "  bottom: \"s\" top: \"s\" }",
      "layer { name: \"input\" type: \"Input\" top: \"data\" "
      "  input_param { shape { dim: 1 dim: 3 dim: 8 dim: 8 } } } "
      "layer { name: \"c\" type: \"Convolution\" bottom: \"data\" top: \"c\" "
      "  param { lr_mult: 1 decay_mult: 0.5 } "
      "  convolution_param { num_output: 4 kernel_size: 5 group: 1 stride: 2 "
      "    bias_term: false pad: 2 weight_filler { type: \"xavier\" } } } "
      "layer { name: \"s\" type: \"Pooling\" bottom: \"c\" top: \"s\" "
      "  pooling_param { pool: AVE kernel_size: 3 } } "
      "layer { name: \"d\" type: \"Dropout\" bottom: \"s\" top: \"s\" "
      "  dropout_param { dropout_ratio: 0.25 } }");
}

TEST(UpgradeTest, V0DataAndImages) {
  ExpectUpgrade(
      "layers { layer { name: \"d\" type: \"data\" source: \"s\" "
      "  meanfile: \"m\" scale: 0.5 batchsize: 7 cropsize: 9 mirror: true "
      "  rand_skip: 3 } top: \"d\" } "
      "layers { layer { name: \"i\" type: \"images\" source: \"l\" "
      "  batchsize: 2 shuffle_images: true new_height: 4 new_width: 5 } "
      "  top: \"i\" } "
      "layers { layer { name: \"c\" type: \"concat\" concat_dim: 0 } "
      "  bottom: \"d\" bottom: \"i\" top: \"c\" } "
      "layers { layer { name: \"n\" type: \"lrn\" local_size: 3 alpha: 1 "
      "  beta: 2 k: 3 } bottom: \"c\" top: \"n\" } "
      "layers { layer { name: \"h\" type: \"hdf5_output\" "
      "  hdf5_output_param { file_name: \"f\" } } bottom: \"n\" }",
      "layer { name: \"d\" type: \"Data\" top: \"d\" "
      "  transform_param { mean_file: \"m\" scale: 0.5 crop_size: 9 "
      "    mirror: true } "
      "  data_param { source: \"s\" batch_size: 7 rand_skip: 3 } } "
      "layer { name: \"i\" type: \"ImageData\" top: \"i\" "
      "  image_data_param { source: \"l\" batch_size: 2 shuffle: true "
      "    new_height: 4 new_width: 5 } } "
      "layer { name: \"c\" type: \"Concat\" bottom: \"d\" bottom: \"i\" "
      "  top: \"c\" concat_param { concat_dim: 0 } } "
      "layer { name: \"n\" type: \"LRN\" bottom: \"c\" top: \"n\" "
      "  lrn_param { local_size: 3 alpha: 1 beta: 2 k: 3 } } "
      "layer { name: \"h\" type: \"HDF5Output\" bottom: \"n\" "
      "  hdf5_output_param { file_name: \"f\" } }");
}

TEST(UpgradeTest, V0BlobsAreKept) {
  const caffe::NetParameter net = Upgraded(
      "layers { layer { name: \"ip\" type: \"innerproduct\" num_output: 1 "
      "  blobs { num: 1 channels: 1 height: 1 width: 2 data: [3, 4] } } }");
  ASSERT_EQ(net.layer(0).blobs_size(), 1);
  EXPECT_THAT(net.layer(0).blobs(0).data(), ElementsAre(3, 4));
}

TEST(UpgradeTest, V0FieldOfAnotherTypeIsDroppedWithAWarning) {
  caffe::NetParameter net =
      Parse("layers { layer { name: \"r\" type: \"relu\" kernelsize: 3 } }");
  std::vector<std::string> warnings;
  ASSERT_OK(UpgradeNet(&net, &warnings));
  EXPECT_THAT(warnings, ElementsAre(HasSubstr("Unknown parameter kernelsize "
                                              "for layer type relu")));
}

TEST(UpgradeTest, InputWithoutShapeIsRemoved) {
  ExpectUpgrade("input: \"data\" layer { name: \"a\" }",
                "layer { name: \"a\" }");
}

TEST(UpgradeTest, EveryV1ParameterHasItsEqual) {
  const auto* const v1 = caffe::V1LayerParameter::descriptor();
  const auto* const v2 = caffe::LayerParameter::descriptor();
  for (int i = 0; i < v1->field_count(); ++i) {
    const auto* const from = v1->field(i);
    if (from->message_type() == nullptr || from->is_repeated()) continue;
    if (from->name() == "layer") continue;
    const auto* const to = v2->FindFieldByName(from->name());
    ASSERT_NE(to, nullptr) << from->name();
    EXPECT_EQ(to->message_type(), from->message_type()) << from->name();
  }
}

TEST(UpgradeTest, EveryV1TypeHasAName) {
  const auto* const types = caffe::V1LayerParameter::LayerType_descriptor();
  for (int i = 0; i < types->value_count(); ++i) {
    const auto type = static_cast<caffe::V1LayerParameter::LayerType>(
        types->value(i)->number());
    EXPECT_EQ(LayerTypeName(type).empty(),
              type == caffe::V1LayerParameter::NONE);
  }
}

TEST(UpgradeTest, RefusesWhatCaffeRefuses) {
  for (const char* text : {
           // Two forms at once.
           "layer { name: \"a\" } layers { name: \"b\" }",
           "layers { layer { type: \"relu\" } } layers { name: \"b\" }",
           // Unknown type, unknown blob.
           "layers { layer { name: \"a\" type: \"nonsense\" } }",
           "layers { layer { name: \"a\" type: \"relu\" } bottom: \"x\" }",
           // Padding in front of something else.
           "input: \"d\" layers { layer { type: \"padding\" pad: 1 } "
           "  bottom: \"d\" top: \"p\" } "
           "layers { layer { type: \"relu\" } bottom: \"p\" top: \"r\" }",
           // Input counts.
           "input: \"a\" input: \"b\" input_shape { dim: 1 }",
           "input: \"a\" input_dim: 1 input_dim: 2",
       }) {
    EXPECT_THAT(UpgradeStatus(text), HasReason("MODEL_UPGRADE")) << text;
  }
}

TEST(UpgradeTest, FieldsThatOnlyTheNewLayerHasBecomeFields) {
  const caffe::NetParameter net = Upgraded(
      "layers { name: 'sl' type: SLICE bottom: 'x' top: 'a' top: 'b' "
      "norm_param: { across_spatial: false own_flag: 3 } "
      "own_param { depth: 2 } reduction_param { axis: far } }");
  ASSERT_EQ(net.layer_size(), 1);
  EXPECT_TRUE(net.layer(0).has_norm_param());
  EXPECT_FALSE(net.layer(0).norm_param().across_spatial());
  EXPECT_FALSE(net.layer(0).has_reduction_param());
  const std::string text = PrintPrototxt(net);
  EXPECT_THAT(text, HasSubstr("own_flag: 3"));
  EXPECT_THAT(text, HasSubstr("own_param { depth: 2 }"));
  EXPECT_THAT(text, HasSubstr("axis: far"));
}

}  // namespace
}  // namespace quantd
