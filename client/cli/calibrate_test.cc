// calibrate and evaluate from files to files, against a fake server.
#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "client/cli/run_for_test.h"
#include "client/testing/fake_server.h"
#include "client/testing/test_lmdb.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace quantd {
namespace {

using testing::CliResult;
using testing::FakeServer;
using testing::MakeTestDirectory;
using testing::MakeTestRecords;
using testing::RunCli;
using testing::WriteTestLmdb;

class CalibrateTest : public ::testing::Test {
 protected:
  CalibrateTest()
      : directory_(MakeTestDirectory("calibrate")),
        model_(Write("net.prototxt", "name: 'net'")),
        weights_(Write("net.caffemodel", "weights")),
        data_(WriteTestLmdb("data", MakeTestRecords(10, 100))),
        out_(directory_ + "/out") {
    v1::Job job;
    job.set_state(v1::JOB_STATE_SUCCEEDED);
    job.mutable_result()->mutable_float_accuracy()->set_top1(0.75);
    job.mutable_result()->mutable_float_accuracy()->set_top5(-1);
    job.mutable_result()->set_num_layers_quantized(3);
    job.mutable_result()->set_device("cpu");
    v1::Artifact* artifact = job.add_artifacts();
    artifact->set_name("../net_quant.json");
    *artifact->mutable_blob() = server_.AddBlob("q", "{}");
    v1::JobEvent warning;
    warning.mutable_warning()->set_reason("FEW_SAMPLES");
    warning.mutable_warning()->set_message("only 10 images");
    v1::JobEvent end;
    end.set_state(v1::JOB_STATE_SUCCEEDED);
    server_.ScriptJob(job, {warning, end});
  }

  std::string Write(const std::string& name, const std::string& bytes) {
    const std::string path = directory_ + "/" + name;
    std::ofstream(path) << bytes;
    return path;
  }

  CliResult Run(const std::vector<std::string>& more,
                const std::string& verb = "calibrate") {
    std::vector<std::string> args = {
        verb,     "--model", model_, "--weights",
        weights_, "--data",  data_,  "--address=" + server_.address()};
    args.insert(args.end(), more.begin(), more.end());
    return RunCli(args);
  }

  FakeServer server_;
  const std::string directory_;
  const std::string model_;
  const std::string weights_;
  const std::string data_;
  const std::string out_;
};

TEST_F(CalibrateTest, UploadsSubmitsFollowsAndFetches) {
  const CliResult result =
      Run({"--out", out_, "--scale", "0.5", "--name", "mine", "--strict",
           "--batch-size", "2", "--keep-intermediate"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(result.out, absl::StrCat("job\tjob-1\n"
                                     "state\tSUCCEEDED\n"
                                     "float.top1\t0.75\n"
                                     "float.top5\t-1\n"
                                     "float.loss\t0\n"
                                     "float.images\t0\n"
                                     "layers.quantized\t3\n"
                                     "layers.float\t0\n"
                                     "peak_memory_bytes\t0\n"
                                     "device\tcpu\n"
                                     "file\t",
                                     out_, "/net_quant.json\n"));
  EXPECT_EQ(result.err,
            absl::StrCat("job job-1\n"
                         "warning: FEW_SAMPLES: only 10 images\n"
                         "wrote 1 files to ",
                         out_, "; next: quantctl record show job-1\n"));
  EXPECT_TRUE(std::filesystem::exists(out_ + "/net_quant.json"));

  const v1::CreateJobRequest request = server_.last_create();
  EXPECT_EQ(request.request_id().size(), 36);
  const v1::CalibrateSpec& spec = request.spec().calibrate();
  EXPECT_TRUE(server_.HasBlob(spec.model().prototxt().sha256()));
  EXPECT_TRUE(server_.HasBlob(spec.model().weights().sha256()));
  EXPECT_EQ(spec.model().prototxt().file_name(), "net.prototxt");
  EXPECT_EQ(server_.dataset(spec.dataset_id()).num_records(), 10);
  EXPECT_EQ(spec.transform().scale(), 0.5);
  EXPECT_EQ(spec.name(), "mine");
  EXPECT_EQ(spec.batch_size(), 2);
  EXPECT_TRUE(spec.strict());
  EXPECT_TRUE(spec.keep_intermediate());
}

TEST_F(CalibrateTest, SendsOnlyTheRecordsThatTheJobNeeds) {
  ASSERT_EQ(Run({"--out", out_, "--batch-size=2", "--batch-num=3"}).exit_code,
            0);
  EXPECT_EQ(
      server_.dataset(server_.last_create().spec().calibrate().dataset_id())
          .num_records(),
      6);
  const std::string config = Write("config.json", "{\"batch_num\": 2}");
  ASSERT_EQ(
      Run({"--out", out_, "--batch-size=2", "--config", config}).exit_code, 0);
  const v1::CalibrateSpec spec = server_.last_create().spec().calibrate();
  EXPECT_EQ(server_.dataset(spec.dataset_id()).num_records(), 4);
  EXPECT_TRUE(server_.HasBlob(spec.config().sha256()));
  EXPECT_EQ(spec.batch_num(), 0);
  const std::string cfg = Write("quant.cfg", "batch_num : 4");
  ASSERT_EQ(Run({"--out", out_, "--batch-size=2", "--config", cfg}).exit_code,
            0);
  EXPECT_EQ(
      server_.dataset(server_.last_create().spec().calibrate().dataset_id())
          .num_records(),
      8);
}

TEST_F(CalibrateTest, EvaluationDataIsSentWhole) {
  const std::string eval = WriteTestLmdb("eval", MakeTestRecords(7, 5));
  ASSERT_EQ(Run({"--out", out_, "--eval-data", eval, "--batch-size=1",
                 "--batch-num=1"})
                .exit_code,
            0);
  const v1::CalibrateSpec spec = server_.last_create().spec().calibrate();
  EXPECT_EQ(server_.dataset(spec.eval_dataset_id()).num_records(), 7);
  EXPECT_FALSE(spec.has_transform());
}

TEST_F(CalibrateTest, DetachPrintsTheIdOnly) {
  const CliResult result =
      Run({"--detach", "--quiet", "--request-id", "my-id"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.out, "job-1\n");
  EXPECT_EQ(result.err, "");
  EXPECT_EQ(server_.last_create().request_id(), "my-id");
  EXPECT_EQ(server_.calls("WatchJob"), 0);
}

TEST_F(CalibrateTest, JsonIsTheJob) {
  const CliResult result = Run({"--out", out_, "-o", "json", "--quiet"});
  const auto json = nlohmann::json::parse(result.out);
  EXPECT_EQ(json["id"], "job-1");
  EXPECT_EQ(json["result"]["numLayersQuantized"], "3");
  EXPECT_EQ(Run({"--out", out_, "-o", "name"}).out, "job-2\n");
}

TEST_F(CalibrateTest, FailedJobIsThree) {
  v1::Job job;
  job.set_state(v1::JOB_STATE_FAILED);
  job.mutable_error()->set_code(9);
  job.mutable_error()->set_reason("MODEL_WEIGHTS_MISMATCH");
  job.mutable_error()->set_message(
      "weights do not fit; give the model's own weights");
  (*job.mutable_error()->mutable_metadata())["layer"] = "conv1";
  v1::JobEvent end;
  end.set_state(v1::JOB_STATE_FAILED);
  server_.ScriptJob(job, {end});
  const CliResult result = Run({"--out", out_, "--quiet"});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_EQ(result.out, "");
  EXPECT_EQ(result.err,
            "error: weights do not fit: layer conv1\n"
            "give the model's own weights\n");
  const CliResult json = Run({"--out", out_, "-o", "json", "--quiet"});
  EXPECT_EQ(nlohmann::json::parse(json.err)["reason"],
            "MODEL_WEIGHTS_MISMATCH");
}

TEST_F(CalibrateTest, BadInputIsFoundBeforeAnythingIsSent) {
  const std::string empty = Write("empty", "");
  const std::string corrupt = MakeTestDirectory("corrupt");
  std::ofstream(corrupt + "/data.mdb") << "not an LMDB";
  const std::vector<std::vector<std::string>> inputs = {
      {"--config", "/nowhere/config.json"},
      {"--config", empty},
      {"--eval-data", "/nowhere/lmdb"},
      {"--eval-data", corrupt},
      {"--mean-file", empty},
  };
  for (std::vector<std::string> input : inputs) {
    input.insert(input.end(), {"--out", out_});
    const CliResult result = Run(input);
    EXPECT_EQ(result.exit_code, 1) << input[1];
    EXPECT_NE(result.err.find(input[1]), std::string::npos) << result.err;
  }
  EXPECT_EQ(Run({"--out", empty + "/x"}).exit_code, 1);
  const CliResult missing = RunCli(
      {"calibrate", "--model", "/nowhere/m", "--weights", weights_, "--data",
       data_, "--out", out_, "--address=" + server_.address()});
  EXPECT_EQ(missing.exit_code, 1);
  EXPECT_EQ(missing.err,
            "error: /nowhere/m cannot be opened: No such file or directory\n"
            "check the path\n");
  EXPECT_EQ(server_.calls("FindMissingBlobs"), 0);
  EXPECT_EQ(server_.calls("GetDataset"), 0);
}

TEST_F(CalibrateTest, MisuseIsTwo) {
  const std::vector<std::vector<std::string>> misuses = {
      {},  // Without --out.
      {"--out", out_, "--name", "a/b"},
      {"--out", out_, "--mean-value", "1", "--mean-file", "f"},
      {"--out", out_, "--batch-num", "0"},
      {"--out", out_, "stray"},
  };
  for (const auto& misuse : misuses) {
    EXPECT_EQ(Run(misuse).exit_code, 2)
        << (misuse.empty() ? "" : misuse.back());
  }
  EXPECT_EQ(RunCli({"calibrate"}).exit_code, 2);
  EXPECT_EQ(RunCli({"calibrate", "--model", model_, "--weights", weights_,
                    "--data", data_, "--detach", "--local"})
                .exit_code,
            2);
}

TEST_F(CalibrateTest, EvaluatePrintsTheAccuracy) {
  const CliResult result = Run({"--max-records", "4", "--quiet"}, "evaluate");
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(result.out,
            "job\tjob-1\n"
            "state\tSUCCEEDED\n"
            "float.top1\t0.75\n"
            "float.top5\t-1\n"
            "float.loss\t0\n"
            "float.images\t0\n"
            "peak_memory_bytes\t0\n"
            "device\tcpu\n");
  const v1::EvaluateSpec spec = server_.last_create().spec().evaluate();
  EXPECT_EQ(spec.max_records(), 4);
  EXPECT_EQ(server_.dataset(spec.dataset_id()).num_records(), 4);
}

TEST_F(CalibrateTest, TheTargetIsSs928OrAscend) {
  EXPECT_EQ(Run({"--out", out_}).exit_code, 0);
  EXPECT_EQ(server_.last_create().spec().calibrate().target(),
            v1::TARGET_SS928);
  EXPECT_EQ(
      Run({"--out", out_, "--target=Ascend", "--search-shift-bit"}).exit_code,
      0);
  EXPECT_EQ(server_.last_create().spec().calibrate().target(),
            v1::TARGET_ASCEND);
  EXPECT_TRUE(server_.last_create().spec().calibrate().search_shift_bit());
  EXPECT_EQ(Run({"--out", out_, "--target=tpu"}).exit_code, 2);
  EXPECT_EQ(Run({"--out", out_, "--search-shift-bit"}).exit_code, 2);
}

}  // namespace
}  // namespace quantd
