// The real quantctl against the real quantd and quant_worker: every command, on
// the data that ships with the project.
#include <signal.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "engine/data/testing/test_images.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/testing/local_quantctl.h"
#include "tests/testing/quantd_server.h"
#include "tests/testing/subprocess.h"

namespace quantd {
namespace {

using testing::DigitsFile;
using testing::FreshDirectory;
using testing::QuantdServer;
using testing::ReadFile;

using testing::Runfile;
using testing::RunResult;
using testing::Subprocess;

namespace fs = std::filesystem;

const char kScale[] = "--scale=0.00390625";
constexpr absl::Duration kPatience = absl::Seconds(120);
// Top-1 of BVLC Caffe on the test LMDB.
constexpr double kFloatTop1 = 0.9465;

std::vector<std::string> ModelArguments() {
  return {"--model", DigitsFile("digitnet_deploy.prototxt"), "--weights",
          DigitsFile("digitnet.caffemodel"), kScale};
}

std::vector<std::string> operator+(std::vector<std::string> a,
                                   const std::vector<std::string>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

// "key <tab> value" lines.
std::map<std::string, std::string> ParseValues(const std::string& text) {
  std::map<std::string, std::string> values;
  for (absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
    const std::pair<std::string, std::string> pair =
        absl::StrSplit(line, absl::MaxSplits('\t', 1));
    values.insert(pair);
  }
  return values;
}

double Value(const std::string& text, const std::string& key) {
  double value = NAN;
  EXPECT_TRUE(absl::SimpleAtod(ParseValues(text)[key], &value))
      << key << " in:\n"
      << text;
  return value;
}

class CliTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { server_ = new QuantdServer; }

  static void TearDownTestSuite() {
    delete server_;
    server_ = nullptr;
  }

  static std::vector<std::string> Line(const std::vector<std::string>& args) {
    return std::vector<std::string>{Runfile("client/cli/quantctl"), "--address",
                                    server_->address()} +
           args;
  }

  static RunResult Cli(const std::vector<std::string>& args) {
    return testing::RunProgram(Line(args), kPatience);
  }

  // Calibrates into a fresh directory; the id of the job.
  static std::string Calibrate(const std::string& out,
                               const std::vector<std::string>& more = {}) {
    const RunResult result =
        Cli(std::vector<std::string>{"calibrate", "--data",
                                     DigitsFile("digits_calibration_lmdb"),
                                     "--batch-size=32", "--batch-num=2",
                                     "--name=digitnet", "--out", out} +
            ModelArguments() + more);
    EXPECT_EQ(result.status, 0) << result.err;
    return ParseValues(result.out)["job"];
  }

  // Submits a job that takes a while; its id.
  static std::string SubmitLong() {
    const RunResult result = Cli(
        std::vector<std::string>{"calibrate", "--quiet", "--detach", "--data",
                                 DigitsFile("digits_test_lmdb"), "--eval-data",
                                 DigitsFile("digits_test_lmdb"),
                                 "--batch-size=1", "--batch-num=1000"} +
        ModelArguments());
    EXPECT_EQ(result.status, 0) << result.err;
    return std::string(absl::StripAsciiWhitespace(result.out));
  }

  static QuantdServer* server_;
};

QuantdServer* CliTest::server_ = nullptr;

TEST_F(CliTest, CalibratesAndKeepsTheAccuracy) {
  const std::string out = FreshDirectory("out") + "/new";
  const RunResult result =
      Cli(std::vector<std::string>{
              "calibrate", "--data", DigitsFile("digits_calibration_lmdb"),
              "--eval-data", DigitsFile("digits_test_lmdb"), "--batch-size=32",
              "--batch-num=8", "--name=digitnet", "--out", out} +
          ModelArguments());
  ASSERT_EQ(result.status, 0) << result.err;
  EXPECT_NEAR(Value(result.out, "float.top1"), kFloatTop1, 0.0005);
  EXPECT_GE(Value(result.out, "quantized.top1"), kFloatTop1 - 0.005);
  EXPECT_GE(Value(result.out, "layers.quantized"), 5);
  EXPECT_TRUE(absl::StrContains(result.err, "wrote ")) << result.err;
  for (const char* name :
       {"digitnet_deploy_model.prototxt", "digitnet_deploy_weights.caffemodel",
        "digitnet_fake_quant_model.prototxt",
        "digitnet_fake_quant_weights.caffemodel", "digitnet_quant.json",
        "scale_offset_record.txt"}) {
    EXPECT_GT(ReadFile(out + "/" + name).size(), 0) << name;
  }

  // The fake-quant model is a Caffe model: the engine reads its own output.
  const RunResult evaluated =
      Cli({"evaluate", "--model", out + "/digitnet_fake_quant_model.prototxt",
           "--weights", out + "/digitnet_fake_quant_weights.caffemodel",
           "--data", DigitsFile("digits_test_lmdb"), kScale});
  ASSERT_EQ(evaluated.status, 0) << evaluated.err;
  EXPECT_EQ(Value(evaluated.out, "float.top1"),
            Value(result.out, "quantized.top1"));
}

TEST_F(CliTest, TwoRunsGiveTheSameFiles) {
  const std::string first = FreshDirectory("first");
  const std::string second = FreshDirectory("second");
  Calibrate(first);
  Calibrate(second);
  int files = 0;
  for (const auto& entry : fs::directory_iterator(first)) {
    const std::string name = entry.path().filename();
    EXPECT_EQ(ReadFile(first + "/" + name), ReadFile(second + "/" + name))
        << name;
    ++files;
  }
  EXPECT_GE(files, 6);
}

TEST_F(CliTest, JobRecordAndArtifactCommands) {
  const std::string out = FreshDirectory("out");
  const std::string id = Calibrate(out);

  EXPECT_TRUE(absl::StrContains(Cli({"job", "list", "-o", "name"}).out, id));
  const auto job =
      nlohmann::json::parse(Cli({"job", "show", id, "-o", "json"}).out);
  EXPECT_EQ(job["state"], "JOB_STATE_SUCCEEDED");
  EXPECT_EQ(job["spec"]["calibrate"]["batchSize"], 32);

  const RunResult watch = Cli({"job", "watch", id, "-o", "json"});
  EXPECT_EQ(watch.status, 0) << watch.err;
  int64_t sequence = 0;
  for (absl::string_view line :
       absl::StrSplit(watch.out, '\n', absl::SkipEmpty())) {
    const auto event = nlohmann::json::parse(std::string(line));
    EXPECT_EQ(event["sequence"], absl::StrCat(++sequence));
  }
  EXPECT_EQ(job["lastSequence"], absl::StrCat(sequence));

  const RunResult records = Cli({"record", "show", id});
  EXPECT_EQ(records.status, 0) << records.err;
  EXPECT_TRUE(absl::StartsWith(records.out, "conv1\tConvolution\t"))
      << records.out;
  EXPECT_EQ(Cli({"record", "show", id, "--layer", "none"}).status, 5);

  const RunResult artifacts = Cli({"artifact", "list", id, "-o", "name"});
  const std::string fetched = FreshDirectory("fetched");
  EXPECT_EQ(Cli({"artifact", "fetch", id, "--out", fetched}).status, 0);
  for (absl::string_view name :
       absl::StrSplit(artifacts.out, '\n', absl::SkipEmpty())) {
    const std::string file = absl::StrCat("/", name);
    EXPECT_GT(ReadFile(out + file).size(), 0) << name;
    EXPECT_EQ(ReadFile(out + file), ReadFile(fetched + file)) << name;
  }

  EXPECT_EQ(Cli({"job", "delete", id}).status, 2);
  EXPECT_EQ(Cli({"job", "delete", id, "--yes"}).status, 0);
  EXPECT_EQ(Cli({"job", "show", id}).status, 5);
  EXPECT_EQ(Cli({"record", "show", id}).status, 5);
}

TEST_F(CliTest, CreatesAConfigurationAndCalibratesWithIt) {
  const std::string directory = FreshDirectory("config");
  const std::string cfg = directory + "/quant.cfg";
  std::ofstream(cfg) << "# two batches, wider activations but for conv1\n"
                        "batch_num : 2\n"
                        "skip_layer_types : \"Softmax\"\n"
                        "common_config : { ifmr_quantize : { num_bits:12 } }\n"
                        "override_layer_configs : {\n"
                        "    layer_name : 'conv1'\n"
                        "    calibration_config : {\n"
                        "        arq_quantize : { channel_wise : false }\n"
                        "    }\n"
                        "}\n";
  const std::string json = directory + "/new/config.json";
  const RunResult created = Cli({"config", "create", "--model",
                                 DigitsFile("digitnet_deploy.prototxt"),
                                 "--config", cfg, "--out", json});
  ASSERT_EQ(created.status, 0) << created.err;
  EXPECT_EQ(ParseValues(created.out)["file"], json);
  const auto config = nlohmann::json::parse(ReadFile(json));
  EXPECT_EQ(config["batch_num"], 2);
  const auto& conv1 = config["conv1"];
  EXPECT_EQ(conv1["activation_quant_params"]["num_bits"], 8);
  EXPECT_EQ(conv1["weight_quant_params"]["channel_wise"], false);
  EXPECT_EQ(config["pool1"]["activation_quant_params"]["num_bits"], 12);

  // Weights change nothing; neither does reading what was written.
  const std::string again = directory + "/again.json";
  ASSERT_EQ(
      Cli({"config", "create", "--model",
           DigitsFile("digitnet_deploy.prototxt"), "--weights",
           DigitsFile("digitnet.caffemodel"), "--config", json, "--out", again})
          .status,
      0);
  EXPECT_EQ(ReadFile(again), ReadFile(json));

  // Both forms quantize the same.
  const auto calibrate = [&](const std::string& file, const std::string& out) {
    const RunResult result =
        Cli(std::vector<std::string>{"calibrate", "--data",
                                     DigitsFile("digits_calibration_lmdb"),
                                     "--batch-size=32", "--name=digitnet",
                                     "--config", file, "--out", out} +
            ModelArguments());
    EXPECT_EQ(result.status, 0) << result.err;
  };
  calibrate(cfg, directory + "/a");
  calibrate(json, directory + "/b");
  for (const char* name : {"scale_offset_record.txt", "digitnet_config.json",
                           "digitnet_deploy_weights.caffemodel"}) {
    const std::string file = absl::StrCat("/", name);
    EXPECT_GT(ReadFile(directory + "/a" + file).size(), 0) << name;
    EXPECT_EQ(ReadFile(directory + "/a" + file),
              ReadFile(directory + "/b" + file))
        << name;
  }
  EXPECT_EQ(ReadFile(directory + "/a/digitnet_config.json"), ReadFile(json));
}

TEST_F(CliTest, WritesANetworkWithoutInPlaceLayers) {
  const std::string directory = FreshDirectory("uninplace");
  const std::string in_place = directory + "/in_place.prototxt";
  // DigitNet's layers write blobs of their own: one more that does not.
  std::ofstream(in_place)
      << ReadFile(DigitsFile("digitnet_deploy.prototxt"))
      << R"(layer { name: "again" type: "ReLU" bottom: "prob" top: "prob" })";
  const std::string out = directory + "/new/out.prototxt";
  const RunResult result =
      Cli({"uninplace", "--model", in_place, "--weights",
           DigitsFile("digitnet.caffemodel"), "--out", out});
  ASSERT_EQ(result.status, 0) << result.err;
  EXPECT_EQ(ParseValues(result.out)["file"], out);
  const std::string text = ReadFile(out);
  EXPECT_TRUE(absl::StrContains(text, "bottom: \"prob_orig\"")) << text;

  const RunResult evaluated =
      Cli({"evaluate", "--model", out, "--weights",
           DigitsFile("digitnet.caffemodel"), "--scale=0.00390625", "--data",
           DigitsFile("digits_test_lmdb")});
  ASSERT_EQ(evaluated.status, 0) << evaluated.err;
  EXPECT_NEAR(Value(evaluated.out, "float.top1"), 0.9465, 1e-6);
  const RunResult refused =
      Cli({"uninplace", "--model", in_place, "--out", directory});
  EXPECT_EQ(refused.status, 2) << refused.err;
}

TEST_F(CliTest, AWrongConfigurationIsPlaced) {
  const std::string cfg = FreshDirectory("config") + "/quant.cfg";
  std::ofstream(cfg) << "batch_num: 2\n  skip_layers: 'conv9'\n";
  const RunResult result = Cli({"config", "create", "--model",
                                DigitsFile("digitnet_deploy.prototxt"),
                                "--config", cfg, "--out", cfg + ".json"});
  EXPECT_EQ(result.status, 3);
  EXPECT_TRUE(absl::StrContains(
      result.err, "quant.cfg:2:3: Layer conv9 does not exist in the graph."))
      << result.err;
  EXPECT_FALSE(fs::exists(cfg + ".json"));
}

TEST_F(CliTest, EvaluatesPartOfTheData) {
  const RunResult result =
      Cli(std::vector<std::string>{"evaluate", "--data",
                                   DigitsFile("digits_test_lmdb"),
                                   "--batch-size=50", "--max-records=200"} +
          ModelArguments());
  ASSERT_EQ(result.status, 0) << result.err;
  EXPECT_EQ(Value(result.out, "float.images"), 200);
  EXPECT_GT(Value(result.out, "float.top1"), 0.9);
  EXPECT_GT(Value(result.out, "float.top5"), 0.97);
}

TEST_F(CliTest, ComparesFloatAndQuantized) {
  const std::string out = FreshDirectory("out");
  Calibrate(out);
  const std::string compared = FreshDirectory("compared");
  const RunResult result =
      Cli(std::vector<std::string>{
              "compare", "--data", DigitsFile("digits_test_lmdb"),
              "--quantized-model", out + "/digitnet_fake_quant_model.prototxt",
              "--quantized-weights",
              out + "/digitnet_fake_quant_weights.caffemodel",
              "--max-records=100", "--name=digitnet", "--out", compared} +
          ModelArguments());
  ASSERT_EQ(result.status, 0) << result.err;
  EXPECT_EQ(Value(result.out, "images"), 100);
  EXPECT_GE(Value(result.out, "top1_agreement"), 0.97);
  const double fc = Value(result.out, "sqnr_db.fc.fc");
  EXPECT_GT(fc, 25);
  EXPECT_LT(fc, 60);
  const auto json =
      nlohmann::json::parse(ReadFile(compared + "/digitnet_compare.json"));
  EXPECT_EQ(json["numImages"], "100");
  double last = -1000;
  for (const auto& blob : json["blobs"]) {
    EXPECT_GE(blob["sqnrDb"].get<double>(), last);
    last = blob["sqnrDb"].get<double>();
    EXPECT_GT(blob["cosine"].get<double>(), 0.95) << blob["blob"];
    EXPECT_LT(blob["clipped"].get<double>(), 0.05) << blob["blob"];
  }
  EXPECT_GE(json["blobs"].size(), 10u);
  const std::string html = ReadFile(compared + "/digitnet_compare.html");
  EXPECT_TRUE(absl::StrContains(html, "same top-1 class"));
  EXPECT_TRUE(absl::StrContains(html, "<td>conv1</td>"));
}

TEST_F(CliTest, ComparesAModelWithItself) {
  const std::string compared = FreshDirectory("compared");
  std::vector<std::string> arguments = ModelArguments();
  std::vector<std::string> again;
  for (std::string argument : arguments) {
    if (argument == "--model") argument = "--quantized-model";
    if (argument == "--weights") argument = "--quantized-weights";
    if (argument != kScale) again.push_back(argument);
  }
  const RunResult result =
      Cli(std::vector<std::string>{"compare", "--data",
                                   DigitsFile("digits_test_lmdb"),
                                   "--max-records=7", "--out", compared} +
          arguments + again);
  ASSERT_EQ(result.status, 0) << result.err;
  EXPECT_EQ(Value(result.out, "images"), 7);
  EXPECT_EQ(Value(result.out, "top1_agreement"), 1);
  EXPECT_EQ(Value(result.out, "sqnr_db.fc.fc"), 200);
}

TEST_F(CliTest, TakesFoldersAndListsOfImages) {
  const std::string folder = FreshDirectory("images");
  std::string list;
  for (int i = 0; i < 8; ++i) {
    // Sizes differ; --resize makes them the network's.
    const int size = 20 + 4 * i;
    std::vector<uint8_t> pixels(size * size);
    for (size_t k = 0; k < pixels.size(); ++k) pixels[k] = (k * (i + 3)) % 256;
    const std::string name = absl::StrCat("image", i, ".png");
    std::ofstream(folder + "/" + name, std::ios::binary)
        << testing::EncodePng(size, size, 1, pixels);
    absl::StrAppend(&list, name, " ", i % 10, "\n");
  }
  std::ofstream(folder + "/list.txt") << list;
  const std::string first = FreshDirectory("first");
  const std::string second = FreshDirectory("second");
  for (const auto& [data, out] : std::map<std::string, std::string>{
           {folder, first}, {folder + "/list.txt", second}}) {
    const RunResult result =
        Cli(std::vector<std::string>{
                "calibrate", "--data", data, "--resize=28x28", "--batch-size=4",
                "--batch-num=2", "--name=d", "--out", out} +
            ModelArguments());
    ASSERT_EQ(result.status, 0) << result.err;
  }
  const std::string record = ReadFile(first + "/scale_offset_record.txt");
  EXPECT_GT(record.size(), 100u);
  EXPECT_EQ(record, ReadFile(second + "/scale_offset_record.txt"));
  const RunResult without =
      Cli(std::vector<std::string>{"calibrate", "--data", folder,
                                   "--batch-size=4", "--batch-num=2", "--out",
                                   FreshDirectory("none")} +
          ModelArguments());
  EXPECT_EQ(without.status, 3) << without.err;
  EXPECT_TRUE(absl::StrContains(without.err, "DATASET_SHAPE_MISMATCH") ||
              absl::StrContains(without.err, "28"))
      << without.err;
}

TEST_F(CliTest, CancelsRunningAndQueuedJobs) {
  const std::string running = SubmitLong();
  const std::string queued = SubmitLong();
  EXPECT_EQ(Cli({"job", "watch", running, "--until=running"}).status, 0);
  EXPECT_EQ(Cli({"job", "delete", queued, "--yes"}).status, 1);
  EXPECT_EQ(Cli({"job", "cancel", queued}).out,
            absl::StrCat(queued, "\tCANCELLED\n"));
  const absl::Time start = absl::Now();
  EXPECT_EQ(Cli({"job", "cancel", running}).status, 0);
  EXPECT_EQ(Cli({"job", "watch", running}).status, 3);
  EXPECT_LT(absl::Now() - start, absl::Seconds(5));
  EXPECT_TRUE(absl::StrContains(
      Cli({"job", "list", "--state", "CANCELLED", "-o", "name"}).out, running));
}

TEST_F(CliTest, CtrlCLeavesTheJobRunning) {
  const std::string id = SubmitLong();
  Subprocess watch(Line({"job", "watch", id}));
  const absl::Time give_up = absl::Now() + absl::Seconds(30);
  while (watch.out().empty() && absl::Now() < give_up) {
    absl::SleepFor(absl::Milliseconds(20));
  }
  watch.Signal(SIGINT);
  EXPECT_EQ(watch.Wait(absl::Seconds(10)), 130);
  EXPECT_TRUE(absl::StrContains(
      watch.err(), absl::StrCat("cancel it: quantctl job cancel ", id)))
      << watch.err();
  const RunResult show = Cli({"job", "show", id});
  EXPECT_FALSE(absl::StrContains(show.out, "CANCEL")) << show.out;
  EXPECT_EQ(Cli({"job", "cancel", id}).status, 0);
}

TEST_F(CliTest, TimeoutLeavesTheJobRunning) {
  const std::string id = SubmitLong();
  EXPECT_EQ(Cli({"job", "watch", id, "--timeout=300ms"}).status, 6);
  EXPECT_EQ(Cli({"job", "cancel", id}).status, 0);
}

TEST_F(CliTest, BadModelsFailTheJobAndTheServerServesOn) {
  const std::string directory = FreshDirectory("bad");
  const std::string prototxt = directory + "/bad.prototxt";
  std::ofstream(prototxt) << "name: 'bad'\nlayer { name: 'a' type: }\n";
  const RunResult syntax = Cli({"evaluate", "--model", prototxt, "--weights",
                                DigitsFile("digitnet.caffemodel"), "--data",
                                DigitsFile("digits_test_lmdb")});
  EXPECT_EQ(syntax.status, 3);
  EXPECT_TRUE(absl::StrContains(syntax.err, "error: ")) << syntax.err;
  EXPECT_TRUE(absl::StrContains(syntax.err, "line 2") ||
              absl::StrContains(syntax.err, ":2:"))
      << syntax.err;

  const std::string weights = directory + "/bad.caffemodel";
  std::ofstream(weights) << "this is no caffemodel";
  const RunResult parse =
      Cli({"evaluate", "--model", DigitsFile("digitnet_deploy.prototxt"),
           "--weights", weights, "--data", DigitsFile("digits_test_lmdb"), "-o",
           "json"});
  EXPECT_EQ(parse.status, 3);
  EXPECT_TRUE(absl::StrContains(parse.err, "\"CAFFEMODEL_PARSE\""))
      << parse.err;

  EXPECT_EQ(Cli({"server", "status"}).status, 0);
}

TEST_F(CliTest, BadInputIsFoundHere) {
  const std::string empty = FreshDirectory("empty");
  const RunResult missing = Cli({"evaluate", "--model", "/nowhere.prototxt",
                                 "--weights", DigitsFile("digitnet.caffemodel"),
                                 "--data", DigitsFile("digits_test_lmdb")});
  EXPECT_EQ(missing.status, 1);
  EXPECT_TRUE(absl::StrContains(missing.err, "/nowhere.prototxt"));
  const RunResult no_lmdb = Cli(
      std::vector<std::string>{"evaluate", "--data", empty} + ModelArguments());
  EXPECT_EQ(no_lmdb.status, 1);
  EXPECT_TRUE(absl::StrContains(no_lmdb.err, empty));
  EXPECT_EQ(Cli({"calibrate"}).status, 2);
  EXPECT_EQ(Cli({"job", "show", "j-absent"}).status, 5);
  EXPECT_EQ(testing::RunProgram({Runfile("client/cli/quantctl"), "job", "list",
                                 "--address", "127.0.0.1:1"})
                .status,
            7);
}

TEST_F(CliTest, SameRequestIdGivesTheSameJob) {
  const std::vector<std::string> line =
      std::vector<std::string>{"calibrate",
                               "--detach",
                               "--quiet",
                               "--data",
                               DigitsFile("digits_calibration_lmdb"),
                               "--batch-size=8",
                               "--batch-num=1",
                               "--request-id",
                               "12345678-1234-4234-8234-123456789abc"} +
      ModelArguments();
  const RunResult first = Cli(line);
  const RunResult second = Cli(line);
  EXPECT_EQ(first.status, 0) << first.err;
  EXPECT_EQ(first.out, second.out);
  EXPECT_EQ(
      Cli({"job", "watch", std::string(absl::StripAsciiWhitespace(first.out))})
          .status,
      0);
}

TEST_F(CliTest, ServerStatusAndVersion) {
  const auto info =
      nlohmann::json::parse(Cli({"server", "status", "-o", "json"}).out);
  EXPECT_EQ(info["slots"].size(), 1);
  EXPECT_EQ(info["slots"][0]["device"], "cpu");
  EXPECT_TRUE(absl::StrContains(Cli({"server", "status"}).out,
                                absl::StrCat(server_->address(), "\tflag")));
  const auto version =
      nlohmann::json::parse(Cli({"version", "-o", "json"}).out);
  EXPECT_EQ(version["server"], info["version"]);
}

TEST(LocalCliTest, LocalRunsWithoutAServerAndLeavesNothing) {
  const std::string temporary = FreshDirectory("t");
  const std::string binaries = FreshDirectory("b");
  fs::create_symlink(Runfile("server/quantd"), binaries + "/quantd");
  fs::create_symlink(Runfile("server/worker/quant_worker"),
                     binaries + "/quant_worker");
  const std::string out = FreshDirectory("out");
  const RunResult result = testing::RunProgram(
      std::vector<std::string>{
          Runfile("client/cli/quantctl"), "calibrate", "--local", "--data",
          DigitsFile("digits_calibration_lmdb"), "--batch-size=32",
          "--batch-num=1", "--name=digitnet", "--out", out} +
          ModelArguments(),
      kPatience, {"TMPDIR=" + temporary, "QUANTD_BINDIR=" + binaries});
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_TRUE(fs::exists(out + "/digitnet_deploy_model.prototxt"));
  EXPECT_TRUE(fs::is_empty(temporary));

  const RunResult config = testing::RunProgram(
      {Runfile("client/cli/quantctl"), "config", "create", "--local", "--model",
       DigitsFile("digitnet_deploy.prototxt"), "--out", out + "/config.json"},
      kPatience, {"TMPDIR=" + temporary, "QUANTD_BINDIR=" + binaries});
  EXPECT_EQ(config.status, 0) << config.err;
  EXPECT_GT(ReadFile(out + "/config.json").size(), 0);
  EXPECT_TRUE(fs::is_empty(temporary));
}

}  // namespace
}  // namespace quantd
