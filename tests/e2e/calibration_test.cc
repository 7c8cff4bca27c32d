// The engine's calibration of shipped networks, end to end: accuracy, files
// that parse, results that depend on nothing but the input.

#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>
#include <numeric>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/testing/status_matchers.h"
#include "google/protobuf/text_format.h"
#include "google/protobuf/util/json_util.h"
#include "nlohmann/json.hpp"
#include "proto/amct/calibration_param.pb.h"
#include "proto/amct/scale_offset_record.pb.h"
#include "proto/caffe/caffe.pb.h"
#include "proto/quantd/v1/report.pb.h"
#include "tests/testing/engine_job.h"
#include "tests/testing/subprocess.h"

namespace quantd::testing {
namespace {

using ::google::protobuf::TextFormat;

v1::JobSpec Spec(const std::string& net) {
  const std::string data = Runfile("tests/data/digits/");
  v1::JobSpec spec;
  v1::CalibrateSpec* calibrate = spec.mutable_calibrate();
  *calibrate->mutable_model()->mutable_prototxt() =
      FileBlob(data + net + "_deploy.prototxt");
  *calibrate->mutable_model()->mutable_weights() =
      FileBlob(data + net + ".caffemodel");
  calibrate->set_dataset_id(data + "digits_calibration_lmdb");
  calibrate->mutable_transform()->set_scale(0.00390625f);
  calibrate->set_batch_size(16);
  calibrate->set_batch_num(4);
  calibrate->set_name(net);
  return spec;
}

JobOutput MustRun(const v1::JobSpec& spec) {
  auto output = RunOnFiles(spec);
  EXPECT_TRUE(output.ok()) << output.status().ToString();
  return output.ok() ? *std::move(output) : JobOutput();
}

// A file in a fresh directory.
std::string WriteTemp(const std::string& name, const std::string& contents) {
  const std::string path = FreshDirectory("calibration") + "/" + name;
  std::ofstream(path, std::ios::binary) << contents;
  return path;
}

class CalibrationTest : public ::testing::TestWithParam<const char*> {};

TEST_P(CalibrationTest, FloatIsCaffesAndInt8LosesLittle) {
  const std::map<std::string, double> caffe = {{"digitnet", 0.9465},
                                               {"lenet", 0.9475}};
  v1::JobSpec spec = Spec(GetParam());
  spec.mutable_calibrate()->set_eval_dataset_id(
      Runfile("tests/data/digits/digits_test_lmdb"));
  const JobOutput output = MustRun(spec);
  const double fp32 = output.result.float_accuracy().top1();
  EXPECT_NEAR(fp32, caffe.at(GetParam()), 0.0005);
  EXPECT_GE(output.result.quantized_accuracy().top1(), fp32 - 0.005);
  EXPECT_EQ(output.result.float_accuracy().num_records(), 2000);
  EXPECT_GT(output.result.num_layers_quantized(), 3);
}

TEST_P(CalibrationTest, EveryFileParsesByItsPublishedSchema) {
  const JobOutput output = MustRun(Spec(GetParam()));
  const std::string prefix = GetParam();
  std::map<std::string, std::string> files;
  for (const OutputFile& file : output.files) files[file.name] = file.contents;
  for (const char* suffix :
       {"_deploy_model.prototxt", "_fake_quant_model.prototxt"}) {
    caffe::NetParameter net;
    EXPECT_TRUE(TextFormat::ParseFromString(files[prefix + suffix], &net));
    EXPECT_GT(net.layer_size(), 0) << suffix;
  }
  for (const char* suffix :
       {"_deploy_weights.caffemodel", "_fake_quant_weights.caffemodel"}) {
    caffe::NetParameter net;
    EXPECT_TRUE(net.ParseFromString(files[prefix + suffix])) << suffix;
    EXPECT_GT(net.layer_size(), 0) << suffix;
  }
  calibration::CalibrationParam text, binary;
  EXPECT_TRUE(TextFormat::ParseFromString(
      files[prefix + "_quant_param_record.txt"], &text));
  EXPECT_TRUE(
      binary.ParseFromString(files[prefix + "_quant_param_record.bin"]));
  EXPECT_EQ(text.SerializeAsString(), binary.SerializeAsString());
  EXPECT_TRUE(nlohmann::json::accept(files[prefix + "_quant.json"]));
  EXPECT_TRUE(nlohmann::json::accept(files[prefix + "_config.json"]));
  amct::ScaleOffsetRecord record;
  EXPECT_TRUE(
      TextFormat::ParseFromString(files["scale_offset_record.txt"], &record));
  EXPECT_EQ(record.record_size(), output.result.num_layers_quantized());
}

TEST_P(CalibrationTest, TwoRunsGiveTheSameBytes) {
  const JobOutput a = MustRun(Spec(GetParam()));
  const JobOutput b = MustRun(Spec(GetParam()));
  ASSERT_EQ(a.files.size(), b.files.size());
  for (size_t i = 0; i < a.files.size(); ++i) {
    EXPECT_EQ(a.files[i].name, b.files[i].name);
    EXPECT_TRUE(a.files[i].contents == b.files[i].contents) << a.files[i].name;
  }
}

TEST_P(CalibrationTest, BatchSizeMovesNoScale) {
  const JobOutput a = MustRun(Spec(GetParam()));
  for (const int batch_size : {1, 64}) {
    v1::JobSpec spec = Spec(GetParam());
    spec.mutable_calibrate()->set_batch_size(batch_size);
    spec.mutable_calibrate()->set_batch_num(64 / batch_size);
    const JobOutput b = MustRun(spec);
    ASSERT_EQ(a.records.size(), b.records.size());
    for (size_t i = 0; i < a.records.size(); ++i) {
      ASSERT_EQ(a.records[i].activations_size(),
                b.records[i].activations_size());
      for (int j = 0; j < a.records[i].activations_size(); ++j) {
        const auto& x = a.records[i].activations(j);
        const auto& y = b.records[i].activations(j);
        EXPECT_NEAR(x.scale_d(), y.scale_d(), 1e-5 * x.scale_d())
            << a.records[i].layer() << " batch size " << batch_size;
        EXPECT_EQ(x.offset_d(), y.offset_d()) << a.records[i].layer();
      }
    }
  }
}

TEST_P(CalibrationTest, WrittenConfigGivesTheSameResult) {
  const JobOutput a = MustRun(Spec(GetParam()));
  const std::string config = FileEndingIn(a, "_config.json");
  const std::string path = WriteTemp("config.json", config);
  v1::JobSpec spec = Spec(GetParam());
  *spec.mutable_calibrate()->mutable_config() = FileBlob(path);
  const JobOutput b = MustRun(spec);
  EXPECT_EQ(FileEndingIn(a, "scale_offset_record.txt"),
            FileEndingIn(b, "scale_offset_record.txt"));
  EXPECT_EQ(config, FileEndingIn(b, "_config.json"));
}

// What a CONVERT job makes of the record of `calibrated`.
JobOutput Convert(const v1::CalibrateSpec& calibrated,
                  const std::string& record) {
  v1::JobSpec spec;
  v1::ConvertSpec* convert = spec.mutable_convert();
  *convert->mutable_model() = calibrated.model();
  *convert->mutable_record() = FileBlob(WriteTemp("record.txt", record));
  convert->set_name(calibrated.name());
  return MustRun(spec);
}

// The files of `converted` are those of the same names of `calibrated`.
void ExpectSameFiles(const JobOutput& converted, const JobOutput& calibrated) {
  EXPECT_EQ(converted.files.size(), 7u);
  for (const OutputFile& file : converted.files) {
    EXPECT_TRUE(file.contents == FileEndingIn(calibrated, file.name))
        << file.name;
  }
}

TEST_P(CalibrationTest, ConvertingByTheRecordGivesTheSameFiles) {
  const v1::JobSpec spec = Spec(GetParam());
  const JobOutput calibrated = MustRun(spec);
  const std::string record =
      FileEndingIn(calibrated, "scale_offset_record.txt");
  const JobOutput converted = Convert(spec.calibrate(), record);
  ExpectSameFiles(converted, calibrated);
  EXPECT_EQ(converted.result.num_layers_quantized(),
            calibrated.result.num_layers_quantized());
}

TEST_P(CalibrationTest, TheRecordKnowsWhatWasNotFused) {
  for (const char* fusion :
       {R"("do_fusion":false)", R"("skip_fusion_layers":["conv1"])"}) {
    v1::JobSpec spec = Spec(GetParam());
    const std::string defaults = FileEndingIn(MustRun(spec), "_config.json");
    auto config = nlohmann::json::parse(defaults);
    config.update(nlohmann::json::parse(absl::StrCat("{", fusion, "}")));
    *spec.mutable_calibrate()->mutable_config() =
        FileBlob(WriteTemp("config.json", config.dump()));
    const JobOutput calibrated = MustRun(spec);
    ExpectSameFiles(
        Convert(spec.calibrate(),
                FileEndingIn(calibrated, "scale_offset_record.txt")),
        calibrated);
  }
}

TEST_P(CalibrationTest, SaveLeavesOutAModelButNotItsEvaluation) {
  v1::JobSpec spec = Spec(GetParam());
  spec.mutable_calibrate()->set_eval_dataset_id(
      Runfile("tests/data/digits/digits_calibration_lmdb"));
  spec.mutable_calibrate()->set_save(v1::SAVE_TYPE_DEPLOY);
  const JobOutput output = MustRun(spec);
  EXPECT_TRUE(output.result.has_quantized_accuracy());
  EXPECT_EQ(output.files.size(), 9u);
  EXPECT_NE(FileEndingIn(output, "_deploy_model.prototxt"), "");
  EXPECT_NE(FileEndingIn(output, "scale_offset_record.txt"), "");
  EXPECT_EQ(FileEndingIn(output, "_fake_quant_model.prototxt"), "");
}

TEST_P(CalibrationTest, TheReportSaysWhatWasDone) {
  v1::JobSpec spec = Spec(GetParam());
  spec.mutable_calibrate()->set_eval_dataset_id(
      Runfile("tests/data/digits/digits_calibration_lmdb"));
  const JobOutput output = MustRun(spec);
  v1::CalibrationReport report;
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(
                  FileEndingIn(output, "_report.json"), &report)
                  .ok());
  EXPECT_THAT(FileEndingIn(output, "_report.html"),
              ::testing::EndsWith("</html>\n"));
  EXPECT_EQ(report.quantized_accuracy().top1(),
            output.result.quantized_accuracy().top1());
  // The evaluation's first images are the calibration's.
  EXPECT_GT(report.input().num_images(), 0);
  EXPECT_GE(report.num_evaluated_in_calibration(), report.input().num_images());
  EXPECT_GT(report.weights_size(), 0);
  ASSERT_GT(report.blobs_size(), 0);
  for (const v1::BlobReport& blob : report.blobs()) {
    EXPECT_GT(blob.sqnr_db(), 20) << blob.blob();
    EXPECT_LT(blob.clipped(), 0.01) << blob.blob();
    const double others =
        std::accumulate(blob.bars().begin(), blob.bars().end(), 0.0);
    EXPECT_NEAR(blob.zeros() + others, 1, 1e-9) << blob.blob();
  }
  // Its first blob is the input, and says the same.
  EXPECT_EQ(report.blobs(0).blob(), report.input().blobs(0).blob());
  EXPECT_NEAR(report.blobs(0).max(), report.input().blobs(0).max(), 1e-3);
}

INSTANTIATE_TEST_SUITE_P(Shipped, CalibrationTest,
                         ::testing::Values("digitnet", "lenet"),
                         [](const auto& info) {
                           return std::string(info.param);
                         });

TEST(CalibrationErrorTest, TooFewRecords) {
  v1::JobSpec spec = Spec("lenet");
  spec.mutable_calibrate()->set_batch_num(17);
  EXPECT_THAT(RunOnFiles(spec), HasReason("DATASET_TOO_SMALL"));
}

TEST(CalibrationErrorTest, EmptyWeights) {
  v1::JobSpec spec = Spec("lenet");
  *spec.mutable_calibrate()->mutable_model()->mutable_weights() =
      FileBlob("/dev/null");
  EXPECT_THAT(RunOnFiles(spec), HasReason("CAFFEMODEL_EMPTY"));
}

TEST(CalibrationErrorTest, WeightsOfAnotherNetwork) {
  v1::JobSpec spec = Spec("lenet");
  *spec.mutable_calibrate()->mutable_model()->mutable_weights() =
      FileBlob(Runfile("tests/data/digits/digitnet.caffemodel"));
  EXPECT_FALSE(RunOnFiles(spec).ok());
}

// The reason and the named place of a job on a changed prototxt.
void ExpectPrototxtError(const std::string& from, const std::string& to,
                         const std::string& reason, const std::string& place) {
  std::string text =
      ReadFile(Runfile("tests/data/digits/lenet_deploy.prototxt"));
  const size_t at = text.find(from);
  ASSERT_NE(at, std::string::npos);
  text.replace(at, from.size(), to);
  v1::JobSpec spec = Spec("lenet");
  *spec.mutable_calibrate()->mutable_model()->mutable_prototxt() =
      FileBlob(WriteTemp("net.prototxt", text));
  const auto output = RunOnFiles(spec);
  EXPECT_THAT(output, HasReason(reason));
  EXPECT_NE(output.status().message().find(place), absl::string_view::npos)
      << output.status();
}

TEST(CalibrationErrorTest, PrototxtErrorsNameTheirPlace) {
  ExpectPrototxtError("type: \"Pooling\"", "type: \"Poling\"",
                      "NETWORK_UNSUPPORTED", "Poling");
  ExpectPrototxtError("bottom: \"conv1\"", "bottom: \"nowhere\"",
                      "NET_BLOB_UNKNOWN", "nowhere");
  ExpectPrototxtError("num_output: 20", "num_output: twenty", "PROTOTXT_PARSE",
                      "net.prototxt:");
  ExpectPrototxtError("num_output: 20", "num_output: 21",
                      "MODEL_WEIGHTS_MISMATCH", "conv1");
}

TEST(CalibrationErrorTest, TruncatedCaffemodel) {
  const std::string bytes =
      ReadFile(Runfile("tests/data/digits/lenet.caffemodel"));
  v1::JobSpec spec = Spec("lenet");
  *spec.mutable_calibrate()->mutable_model()->mutable_weights() =
      FileBlob(WriteTemp("cut.caffemodel", bytes.substr(0, 1000)));
  EXPECT_THAT(RunOnFiles(spec), HasReason("CAFFEMODEL_PARSE"));
}

TEST(CalibrationErrorTest, ConfigsThatNameWhatIsNotThere) {
  v1::JobSpec spec = Spec("lenet");
  *spec.mutable_calibrate()->mutable_config() =
      FileBlob(WriteTemp("a.json", R"({"version":1,"conv9":{}})"));
  EXPECT_THAT(RunOnFiles(spec), HasReason("LAYER_NOT_FOUND"));
  *spec.mutable_calibrate()->mutable_config() = FileBlob(
      WriteTemp("b.json", R"({"version":1,"conv1":{"quant_enabled":true}})"));
  EXPECT_THAT(RunOnFiles(spec), HasReason("CONFIG_PARSE"));
}

TEST(CalibrationErrorTest, DataThatCannotBeRead) {
  v1::JobSpec spec = Spec("lenet");
  spec.mutable_calibrate()->set_dataset_id(FreshDirectory("no_lmdb"));
  EXPECT_FALSE(RunOnFiles(spec).ok());
  const std::string folder = FreshDirectory("cut_lmdb");
  std::ofstream(folder + "/data.mdb", std::ios::binary)
      << ReadFile(Runfile("tests/data/digits/digits_calibration_lmdb/data.mdb"))
             .substr(0, 20000);
  spec.mutable_calibrate()->set_dataset_id(folder);
  EXPECT_THAT(RunOnFiles(spec), HasReason("DATASET_CORRUPT"));
}

TEST(CalibrationErrorTest, ImagesOfAnotherSize) {
  v1::JobSpec spec = Spec("lenet");
  spec.mutable_calibrate()->mutable_transform()->set_crop_size(20);
  EXPECT_THAT(RunOnFiles(spec), HasReason("DATASET_SHAPE_MISMATCH"));
}

TEST(CalibrationErrorTest, AllZeroActivationsWarnAndFailWhenStrict) {
  v1::JobSpec spec = Spec("lenet");
  caffe::NetParameter weights;
  ASSERT_TRUE(weights.ParseFromString(
      ReadFile(Runfile("tests/data/digits/lenet.caffemodel"))));
  for (caffe::LayerParameter& layer : *weights.mutable_layer()) {
    if (layer.name() != "conv1") continue;
    for (caffe::BlobProto& blob : *layer.mutable_blobs()) {
      std::fill(blob.mutable_data()->begin(), blob.mutable_data()->end(), 0);
    }
  }
  *spec.mutable_calibrate()->mutable_model()->mutable_weights() =
      FileBlob(WriteTemp("zero.caffemodel", weights.SerializeAsString()));
  std::vector<v1::JobWarning> warnings;
  ASSERT_OK_AND_ASSIGN(const JobOutput output, RunOnFiles(spec, &warnings));
  EXPECT_TRUE(std::any_of(warnings.begin(), warnings.end(),
                          [](const v1::JobWarning& warning) {
                            return warning.reason() == "ACTIVATION_ALL_ZERO";
                          }));
  // AMCT's factors for the input of pool1, which reads conv1.
  for (const v1::LayerRecord& row : output.records) {
    if (row.layer() != "pool1") continue;
    EXPECT_EQ(row.activations(0).scale_d(), 1.0f);
    EXPECT_EQ(row.activations(0).offset_d(), -128);
  }
  spec.mutable_calibrate()->set_strict(true);
  EXPECT_THAT(RunOnFiles(spec), HasReason("ACTIVATION_ALL_ZERO"));
}

TEST(CalibrationErrorTest, InfiniteActivations) {
  v1::JobSpec spec = Spec("lenet");
  spec.mutable_calibrate()->mutable_transform()->set_scale(3e38f);
  EXPECT_THAT(RunOnFiles(spec), HasReason("ACTIVATION_NOT_FINITE"));
}

}  // namespace
}  // namespace quantd::testing
