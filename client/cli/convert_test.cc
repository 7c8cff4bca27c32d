// convert from files to files, against a fake server.
#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "client/cli/run_for_test.h"
#include "client/testing/fake_server.h"
#include "client/testing/test_lmdb.h"
#include "gtest/gtest.h"

namespace quantd {
namespace {

using testing::CliResult;
using testing::FakeServer;
using testing::MakeTestDirectory;
using testing::RunCli;

class ConvertTest : public ::testing::Test {
 protected:
  ConvertTest()
      : directory_(MakeTestDirectory("convert")),
        model_(Write("net.prototxt", "name: 'net'")),
        weights_(Write("net.caffemodel", "weights")),
        record_(Write("record.txt", "record {}")),
        out_(directory_ + "/out") {
    v1::Job job;
    job.set_state(v1::JOB_STATE_SUCCEEDED);
    job.mutable_result()->set_num_layers_quantized(3);
    v1::Artifact* artifact = job.add_artifacts();
    artifact->set_name("net_quant.json");
    *artifact->mutable_blob() = server_.AddBlob("q", "{}");
    v1::JobEvent end;
    end.set_state(v1::JOB_STATE_SUCCEEDED);
    server_.ScriptJob(job, {end});
  }

  std::string Write(const std::string& name, const std::string& bytes) {
    const std::string path = directory_ + "/" + name;
    std::ofstream(path) << bytes;
    return path;
  }

  CliResult Run(const std::vector<std::string>& more) {
    std::vector<std::string> args = {
        "convert", "--model",  model_,  "--weights",
        weights_,  "--record", record_, "--address=" + server_.address()};
    args.insert(args.end(), more.begin(), more.end());
    return RunCli(args);
  }

  FakeServer server_;
  const std::string directory_;
  const std::string model_;
  const std::string weights_;
  const std::string record_;
  const std::string out_;
};

TEST_F(ConvertTest, UploadsSubmitsAndFetches) {
  const CliResult result =
      Run({"--out", out_, "--name", "mine", "--save", "deploy"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_NE(result.out.find("layers.quantized\t3\n"), std::string::npos)
      << result.out;
  EXPECT_TRUE(std::filesystem::exists(out_ + "/net_quant.json"));
  const v1::ConvertSpec spec = server_.last_create().spec().convert();
  EXPECT_TRUE(server_.HasBlob(spec.model().prototxt().sha256()));
  EXPECT_TRUE(server_.HasBlob(spec.model().weights().sha256()));
  EXPECT_TRUE(server_.HasBlob(spec.record().sha256()));
  EXPECT_EQ(spec.record().file_name(), "record.txt");
  EXPECT_EQ(spec.name(), "mine");
  EXPECT_EQ(spec.save(), v1::SAVE_TYPE_DEPLOY);
}

TEST_F(ConvertTest, SaveHasAmctsSpellingsToo) {
  const std::vector<std::pair<std::string, v1::SaveType>> spellings = {
      {"fakequant", v1::SAVE_TYPE_FAKE_QUANT},
      {"Fakequant", v1::SAVE_TYPE_FAKE_QUANT},
      {"Deploy", v1::SAVE_TYPE_DEPLOY},
      {"Both", v1::SAVE_TYPE_BOTH},
  };
  for (const auto& [text, save] : spellings) {
    EXPECT_EQ(Run({"--out", out_, "--save", text}).exit_code, 0) << text;
    EXPECT_EQ(server_.last_create().spec().convert().save(), save) << text;
  }
  EXPECT_EQ(Run({"--out", out_}).exit_code, 0);
  EXPECT_EQ(server_.last_create().spec().convert().save(), v1::SAVE_TYPE_BOTH);
}

TEST_F(ConvertTest, MisuseIsTwo) {
  const std::vector<std::vector<std::string>> misuses = {
      {},  // Without --out.
      {"--out", out_, "--name", "a/b"},
      {"--out", out_, "--save", "all"},
      {"--out", out_, "stray"},
  };
  for (const auto& misuse : misuses) {
    EXPECT_EQ(Run(misuse).exit_code, 2)
        << (misuse.empty() ? "" : misuse.back());
  }
  EXPECT_EQ(RunCli({"convert", "--model", model_, "--weights", weights_,
                    "--out", out_})
                .exit_code,
            2);
}

TEST_F(ConvertTest, BadFilesAreFoundBeforeAnythingIsSent) {
  const std::string empty = Write("empty", "");
  for (const std::string& path :
       {std::string("/nowhere/record.txt"), empty, directory_}) {
    const CliResult result =
        RunCli({"convert", "--model", model_, "--weights", weights_, "--record",
                path, "--out", out_, "--address=" + server_.address()});
    EXPECT_EQ(result.exit_code, 1) << path;
    EXPECT_NE(result.err.find(path), std::string::npos) << result.err;
  }
  EXPECT_EQ(server_.calls("FindMissingBlobs"), 0);
}

}  // namespace
}  // namespace quantd
