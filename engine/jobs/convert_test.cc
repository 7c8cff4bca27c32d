#include "engine/jobs/convert.h"

#include <map>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/testing/status_matchers.h"
#include "engine/jobs/testing/recording_monitor.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd {
namespace {

using ::google::protobuf::TextFormat;
using ::quantd::testing::HasReason;
using ::quantd::testing::RecordingMonitor;
using ::quantd::testing::StatusIs;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
constexpr auto kPrecondition = absl::StatusCode::kFailedPrecondition;

const char kPrototxt[] = R"(
  layer { name: 'in' type: 'Input' top: 'data'
          input_param { shape { dim: [1, 1, 4, 4] } } }
  layer { name: 'conv' type: 'Convolution' bottom: 'data' top: 'c'
          convolution_param { num_output: 2 kernel_size: 1 bias_term: false } }
  layer { name: 'bn' type: 'BatchNorm' bottom: 'c' top: 'c' }
  layer { name: 'pool' type: 'Pooling' bottom: 'c' top: 'p'
          pooling_param { kernel_size: 2 stride: 2 } }
  layer { name: 'ip' type: 'InnerProduct' bottom: 'p' top: 'y'
          inner_product_param { num_output: 1 } }
)";

// The BatchNorm has mean 1 and variance 4, its epsilon is 1e-5.
const char kWeights[] = R"(
  layer { name: 'conv' type: 'Convolution'
          blobs { shape { dim: [2, 1, 1, 1] } data: [2, -4] } }
  layer { name: 'bn' type: 'BatchNorm'
          blobs { shape { dim: 2 } data: [1, 1] }
          blobs { shape { dim: 2 } data: [4, 4] }
          blobs { shape { dim: 1 } data: 1 } }
  layer { name: 'ip' type: 'InnerProduct'
          blobs { shape { dim: [1, 8] } data: [1, 2, 3, 4, 5, 6, 7, 8] }
          blobs { shape { dim: 1 } data: 10 } }
)";

const char kConv[] = R"(record { key: 'conv' value {
  scale_w: 0.5 scale_w: 0.25 offset_w: 0 offset_w: 0
  record_d { index: 0 scale_d: 0.125 offset_d: -3
             channels: 1 height: 4 width: 4 } } } )";
const char kPool[] = R"(record { key: 'pool' value {
  scale_w: 1 offset_w: 0
  record_d { index: 0 scale_d: 0.5 offset_d: 0 num_bits_d: 8 } } } )";
const char kIp[] = R"(record { key: 'ip' value {
  scale_w: 0.0625 offset_w: 0
  record_d { index: 0 scale_d: 2 offset_d: 0 num_bits_d: 12 } } } )";

class ConvertTest : public ::testing::Test {
 protected:
  ConvertTest() {
    files_["net.prototxt"] = kPrototxt;
    SetWeights(kWeights);
    auto* model = spec_.mutable_model();
    model->mutable_prototxt()->set_file_name("net.prototxt");
    model->mutable_weights()->set_file_name("net.caffemodel");
    spec_.mutable_record()->set_file_name("r.txt");
    inputs_.read_blob =
        [this](const v1::BlobRef& blob) -> absl::StatusOr<std::string> {
      return files_[blob.file_name()];
    };
  }

  void SetWeights(const std::string& text) {
    caffe::NetParameter net;
    EXPECT_TRUE(TextFormat::ParseFromString(text, &net));
    files_["net.caffemodel"] = net.SerializeAsString();
  }

  absl::StatusOr<JobOutput> Run(const std::string& record) {
    files_["r.txt"] = record;
    return RunConvert(spec_, inputs_, &monitor_);
  }
  // Runs with `from` replaced in the record of all three layers.
  absl::StatusOr<JobOutput> RunChanged(const std::string& from,
                                       const std::string& to) {
    std::string record = absl::StrCat(kConv, kPool, kIp);
    const size_t at = record.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return Run(record.replace(at, from.size(), to));
  }
  JobOutput MustRun(const std::string& record) {
    auto output = Run(record);
    EXPECT_OK(output.status());
    return output.ok() ? *std::move(output) : JobOutput();
  }

  static caffe::NetParameter Weights(const JobOutput& output,
                                     const std::string& name) {
    caffe::NetParameter net;
    for (const OutputFile& file : output.files) {
      if (file.name == name) net.ParseFromString(file.contents);
    }
    EXPECT_GT(net.layer_size(), 0) << name;
    return net;
  }
  static std::vector<std::string> Names(const JobOutput& output) {
    std::vector<std::string> names;
    for (const OutputFile& file : output.files) names.push_back(file.name);
    return names;
  }

  std::map<std::string, std::string> files_;
  v1::ConvertSpec spec_;
  JobInputs inputs_;
  RecordingMonitor monitor_;
};

// The metadata `key` of an error.
std::string Detail(const absl::StatusOr<JobOutput>& output,
                   const std::string& key) {
  const ErrorMetadata metadata = GetErrorMetadata(output.status());
  const auto found = metadata.find(key);
  return found == metadata.end() ? "" : found->second;
}

TEST_F(ConvertTest, FusesAndQuantizesByTheRecord) {
  const JobOutput output = MustRun(absl::StrCat(kConv, kPool, kIp));
  EXPECT_THAT(
      Names(output),
      ElementsAre("net_deploy_model.prototxt", "net_deploy_weights.caffemodel",
                  "net_fake_quant_model.prototxt",
                  "net_fake_quant_weights.caffemodel", "net_quant.json",
                  "net_quant_param_record.txt", "net_quant_param_record.bin"));
  const caffe::NetParameter deploy =
      Weights(output, "net_deploy_weights.caffemodel");
  ASSERT_EQ(deploy.layer_size(), 4);
  // W / 2 = 1, -2 in steps of 0.5, 0.25; b = -1 / 2 in steps of 1/16, 1/32.
  EXPECT_EQ(deploy.layer(1).blobs(0).int8_data(), std::string({2, -8}));
  EXPECT_THAT(deploy.layer(1).blobs(1).int32_data(), ElementsAre(-8, -16));
  EXPECT_EQ(deploy.layer(3).blobs(0).int8_data(),
            std::string({16, 32, 48, 64, 80, 96, 112, 127}));
  EXPECT_THAT(deploy.layer(3).blobs(1).int32_data(), ElementsAre(80));
  EXPECT_EQ(output.result.num_layers_quantized(), 3);
  EXPECT_THAT(monitor_.warnings, IsEmpty());
}

TEST_F(ConvertTest, RecordsAreThoseOfTheFile) {
  const JobOutput output = MustRun(absl::StrCat(kIp, kPool, kConv));
  ASSERT_THAT(output.records, SizeIs(3));
  const v1::LayerRecord& conv = output.records[0];
  EXPECT_EQ(conv.layer(), "conv");
  EXPECT_THAT(conv.scale_w(), ElementsAre(0.5f, 0.25f));
  ASSERT_EQ(conv.activations_size(), 1);
  EXPECT_EQ(conv.activations(0).scale_d(), 0.125f);
  EXPECT_EQ(conv.activations(0).offset_d(), -3);
  EXPECT_EQ(conv.activations(0).height(), 4);
  // (-128 + 3) / 8 and (127 + 3) / 8.
  EXPECT_EQ(conv.activations(0).min(), -15.625f);
  EXPECT_EQ(conv.activations(0).max(), 16.25f);
  EXPECT_EQ(output.records[2].activations(0).num_bits_d(), 12);
}

TEST_F(ConvertTest, LayersWithoutARecordStayFloat) {
  const JobOutput output = MustRun(kConv);
  EXPECT_EQ(output.result.num_layers_quantized(), 1);
  EXPECT_EQ(output.result.num_layers_float(), 2);
  EXPECT_EQ(output.records[1].float_reason(),
            "the record has no factors for it");
  const caffe::NetParameter deploy =
      Weights(output, "net_deploy_weights.caffemodel");
  EXPECT_EQ(deploy.layer(3).blobs(0).data_size(), 8);
}

TEST_F(ConvertTest, SkipFusionKeepsTheBatchNorm) {
  const JobOutput output = MustRun(
      absl::StrCat(kConv, "record { key: 'bn' value { skip_fusion: true } }"));
  const caffe::NetParameter deploy =
      Weights(output, "net_deploy_weights.caffemodel");
  ASSERT_EQ(deploy.layer_size(), 5);
  EXPECT_EQ(deploy.layer(2).name(), "bn");
  // 2 and -4 in steps of 0.5 and 0.25.
  EXPECT_EQ(deploy.layer(1).blobs(0).int8_data(), std::string({4, -16}));
}

TEST_F(ConvertTest, ABatchNormWithFactorsIsQuantizedWhenNotFused) {
  const JobOutput output = MustRun(
      "record { key: 'bn' value { skip_fusion: true "
      "record_d { index: 0 scale_d: 1 offset_d: 0 } } }");
  EXPECT_EQ(output.result.num_layers_quantized(), 1);
}

TEST_F(ConvertTest, NameAndSaveChooseTheFiles) {
  spec_.set_name("mine");
  spec_.set_save(v1::SAVE_TYPE_DEPLOY);
  EXPECT_THAT(Names(MustRun(kConv)),
              ElementsAre("mine_deploy_model.prototxt",
                          "mine_deploy_weights.caffemodel", "mine_quant.json",
                          "mine_quant_param_record.txt",
                          "mine_quant_param_record.bin"));
  spec_.set_save(v1::SAVE_TYPE_FAKE_QUANT);
  EXPECT_THAT(
      Names(MustRun(kConv)),
      ElementsAre("mine_fake_quant_model.prototxt",
                  "mine_fake_quant_weights.caffemodel", "mine_quant.json"));
}

TEST_F(ConvertTest, ShiftBitIsAWarning) {
  EXPECT_OK(RunChanged("scale_w: 0.0625", "shift_bit: 2 scale_w: 0.0625"));
  ASSERT_THAT(monitor_.warnings, SizeIs(1));
  EXPECT_EQ(monitor_.warnings[0].reason(), "SHIFT_BIT_IGNORED");
}

TEST_F(ConvertTest, MissingFactorsNameFileLayerAndField) {
  auto output = RunChanged("scale_d: 0.5", "");
  EXPECT_THAT(output,
              AllOf(HasReason("RECORD_INCOMPLETE"),
                    StatusIs(kPrecondition,
                             "r.txt: Cannot find scale_d of layer 'pool' in "
                             "record file")));
  EXPECT_EQ(Detail(output, "file"), "r.txt");
  EXPECT_EQ(Detail(output, "layer"), "pool");
  EXPECT_EQ(Detail(output, "field"), "scale_d");
  output = RunChanged("scale_w: 0.0625 offset_w: 0", "");
  EXPECT_THAT(output,
              StatusIs(kPrecondition,
                       "r.txt: Cannot find scale_w of layer 'ip' in record "
                       "file"));
  EXPECT_EQ(Detail(output, "field"), "scale_w");
  EXPECT_THAT(Run("record { key: 'conv' value {} }"),
              StatusIs(kPrecondition, "Cannot find scale_d of layer 'conv'"));
}

TEST_F(ConvertTest, IllegalValuesNameFileLayerAndField) {
  const struct {
    const char* from;
    const char* to;
    const char* reason;
    const char* layer;
    const char* field;
  } cases[] = {
      {"scale_d: 0.5", "scale_d: nan", "SCALE_OUT_OF_RANGE", "pool", "scale_d"},
      {"scale_d: 0.5", "scale_d: inf", "SCALE_OUT_OF_RANGE", "pool", "scale_d"},
      {"scale_d: 0.5", "scale_d: 1e99", "SCALE_OUT_OF_RANGE", "pool",
       "scale_d"},
      {"scale_d: 0.5", "scale_d: 0", "SCALE_OUT_OF_RANGE", "pool", "scale_d"},
      {"scale_w: 0.25", "scale_w: nan", "SCALE_OUT_OF_RANGE", "conv",
       "scale_w"},
      {"offset_d: -3", "offset_d: -129", "RECORD_INVALID", "conv", "offset_d"},
      {"num_bits_d: 12", "num_bits_d: 17", "RECORD_INVALID", "ip",
       "num_bits_d"},
      {"num_bits_d: 12", "num_bits_d: -2147483648", "RECORD_INVALID", "ip",
       "num_bits_d"},
      {"0.0625 offset_w: 0", "0.0625 offset_w: 1", "RECORD_INVALID", "ip",
       "offset_w"},
      {"scale_w: 0.25", "", "RECORD_INVALID", "conv", "offset_w"},
      {"scale_w: 0.25 offset_w: 0", "scale_w: [1, 1] offset_w: [0, 0]",
       "RECORD_INVALID", "conv", "scale_w"},
      {"scale_w: 0.0625 offset_w: 0", "scale_w: [1, 1] offset_w: [0, 0]",
       "RECORD_INVALID", "ip", "scale_w"},
      {"scale_w: 1 ", "scale_w: 2 ", "RECORD_INVALID", "pool", "scale_w"},
      {"scale_w: 0.0625", "num_bits_w: 7 scale_w: 0.0625", "RECORD_INVALID",
       "ip", "num_bits_w"},
      {"scale_w: 0.0625", "shift_bit: 17 scale_w: 0.0625", "RECORD_INVALID",
       "ip", "shift_bit"},
      {"index: 0 scale_d: 0.5", "index: 1 scale_d: 0.5", "RECORD_INVALID",
       "pool", "index"},
  };
  for (const auto& c : cases) {
    const auto output = RunChanged(c.from, c.to);
    EXPECT_THAT(output, HasReason(c.reason)) << c.to;
    EXPECT_EQ(Detail(output, "file"), "r.txt") << c.to;
    EXPECT_EQ(Detail(output, "layer"), c.layer) << c.to;
    EXPECT_EQ(Detail(output, "field"), c.field) << c.to;
  }
}

TEST_F(ConvertTest, KeysMustFitTheFusedModel) {
  EXPECT_THAT(RunChanged("'pool'", "'pool9'"),
              AllOf(HasReason("LAYER_NOT_FOUND"),
                    StatusIs(kInvalid, "find pool9 failure in")));
  EXPECT_THAT(RunChanged("'pool'", "'in'"),
              AllOf(HasReason("OPTION_CONFLICT"),
                    StatusIs(kInvalid, "layer in cannot be quantized")));
  EXPECT_THAT(RunChanged("'pool'", "'conv'"), HasReason("RECORD_INVALID"));
  EXPECT_THAT(RunChanged("'pool'", "'bn'"),
              AllOf(HasReason("LAYER_NOT_FOUND"),
                    StatusIs(kInvalid, "fused into \"conv\"")));
  EXPECT_THAT(Run(""), HasReason("NOTHING_QUANTIZED"));
}

TEST_F(ConvertTest, SyntaxErrorsNameThePlace) {
  const auto output = Run("record {\n  key: 'conv'\n  value { scale_d: 1 }\n}");
  EXPECT_THAT(output, AllOf(HasReason("RECORD_INVALID"),
                            StatusIs(kInvalid, "r.txt:3:")));
  EXPECT_EQ(Detail(output, "line"), "3");
}

TEST_F(ConvertTest, ReadersOfOneBlobMustAgree) {
  files_["net.prototxt"] +=
      "layer { name: 'norm' type: 'Softmax' bottom: 'p' top: 'z' }";
  auto output = Run(absl::StrCat(kConv, kPool, kIp));
  EXPECT_THAT(output, HasReason("RECORD_INCONSISTENT"));
  EXPECT_EQ(Detail(output, "other"), "norm");
  output = Run(absl::StrCat(kIp,
                            "record { key: 'norm' value { record_d { index: 0 "
                            "scale_d: 3 offset_d: 0 num_bits_d: 12 } } }"));
  EXPECT_THAT(output, HasReason("RECORD_INCONSISTENT"));
  EXPECT_EQ(Detail(output, "file"), "r.txt");
  EXPECT_EQ(Detail(output, "field"), "scale_d");
  EXPECT_OK(Run(absl::StrCat(kIp,
                             "record { key: 'norm' value { record_d { index: 0 "
                             "scale_d: 2 offset_d: 0 num_bits_d: 12 } } }")));
}

TEST_F(ConvertTest, ABiasBeyondInt32IsRefused) {
  SetWeights(absl::StrCat(
      kWeights,
      "layer { name: 'ip' type: 'InnerProduct' "
      "blobs { shape { dim: [1, 8] } data: [1, 1, 1, 1, 1, 1, 1, 1] } "
      "blobs { shape { dim: 1 } data: 1e10 } }"));
  EXPECT_THAT(Run(kIp),
              AllOf(HasReason("BIAS_OUT_OF_RANGE"),
                    StatusIs(kPrecondition,
                             "of layer \"ip\" exceed int32 range:"
                             "[-2147483648, 2147483647], please add it to "
                             "skip layer.")));
}

TEST_F(ConvertTest, QuantizedModelsAreRefused) {
  const JobOutput output = MustRun(kConv);
  for (const OutputFile& file : output.files) files_[file.name] = file.contents;
  auto* model = spec_.mutable_model();
  for (const char* stem : {"net_deploy", "net_fake_quant"}) {
    model->mutable_prototxt()->set_file_name(
        absl::StrCat(stem, "_model.prototxt"));
    model->mutable_weights()->set_file_name(
        absl::StrCat(stem, "_weights.caffemodel"));
    EXPECT_THAT(Run(kConv), HasReason("MODEL_ALREADY_QUANTIZED")) << stem;
  }
}

TEST_F(ConvertTest, CancelledJobsEnd) {
  monitor_.cancelled = true;
  EXPECT_THAT(Run(kConv), HasReason("CANCELLED_BY_USER"));
}

TEST_F(ConvertTest, AscendReadsCannsRecordAndWritesItsFiles) {
  spec_.set_target(v1::TARGET_ASCEND);
  const std::string conv =
      "record { key: 'conv' value { scale_d: 0.125 offset_d: -3 "
      "scale_w: [0.5, 0.25] offset_w: [0, 0] shift_bit: [1, 2] } }";
  const JobOutput output = MustRun(conv);
  EXPECT_THAT(
      Names(output),
      ElementsAre("net_deploy_model.prototxt", "net_deploy_weights.caffemodel",
                  "net_fake_quant_model.prototxt",
                  "net_fake_quant_weights.caffemodel", "net_quant.json"));
  EXPECT_THAT(monitor_.warnings, IsEmpty());
  const caffe::NetParameter deploy =
      Weights(output, "net_deploy_weights.caffemodel");
  ASSERT_EQ(deploy.layer(3).name(), "conv_dequant_layer");
  // 0.125 * 0.5 is 0x3D800000, 0.125 * 0.25 0x3D000000.
  EXPECT_THAT(deploy.layer(3).blobs(0).uint64_data(),
              ElementsAre(0x1'3D800000, 0x2'3D000000));
  ASSERT_EQ(output.records.size(), 2u);  // conv and ip: the pooling is MAX.
  EXPECT_THAT(output.records[0].shift_bit(), ElementsAre(1, 2));
  EXPECT_FALSE(output.records[1].quantized());

  EXPECT_THAT(Run(kConv), HasReason("RECORD_INVALID"));  // SS928's schema.
  EXPECT_THAT(Run("record { key: 'pool' value { scale_d: 1 } }"),
              HasReason("OPTION_CONFLICT"));
  EXPECT_THAT(Run("record { key: 'conv' value { scale_d: 1 scale_w: 1 "
                  "offset_w: 0 shift_bit: [1, 2] } }"),
              HasReason("RECORD_INVALID"));
  EXPECT_THAT(Run("record { key: 'conv' value { scale_w: 1 offset_w: 0 } }"),
              AllOf(HasReason("RECORD_INCOMPLETE"),
                    StatusIs(kPrecondition, "scale_d")));
}

}  // namespace
}  // namespace quantd
