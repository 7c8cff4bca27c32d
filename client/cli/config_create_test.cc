// config create from files to a file, against a fake server.
#include <filesystem>
#include <fstream>
#include <sstream>

#include "absl/strings/match.h"
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
using testing::RunCli;

std::string Read(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

class ConfigCreateTest : public ::testing::Test {
 protected:
  ConfigCreateTest()
      : directory_(MakeTestDirectory("config_create")),
        model_(Write("net.prototxt", "name: 'net'")),
        out_(directory_ + "/new/net_config.json") {
    Script("config.json");
  }

  void Script(const std::string& artifact_name) {
    v1::Job job;
    job.set_state(v1::JOB_STATE_SUCCEEDED);
    job.mutable_result()->set_num_layers_quantized(3);
    job.mutable_result()->set_num_layers_float(1);
    v1::Artifact* artifact = job.add_artifacts();
    artifact->set_name(artifact_name);
    *artifact->mutable_blob() = server_.AddBlob("c", "{\"version\":1}");
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
    std::vector<std::string> args = {"config", "create",
                                     "--address=" + server_.address()};
    args.insert(args.end(), more.begin(), more.end());
    return RunCli(args);
  }

  FakeServer server_;
  const std::string directory_;
  const std::string model_;
  const std::string out_;
};

TEST_F(ConfigCreateTest, WritesTheFile) {
  const CliResult result = Run({"--model", model_, "--out", out_});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(result.out, absl::StrCat("file\t", out_,
                                     "\n"
                                     "layers.quantized\t3\n"
                                     "layers.float\t1\n"));
  EXPECT_EQ(result.err,
            absl::StrCat("job job-1\nedit ", out_,
                         " as you like; next: quantctl calibrate --config ",
                         out_, "\n"));
  EXPECT_EQ(Read(out_), "{\"version\":1}");
  const v1::InspectSpec spec = server_.last_create().spec().inspect();
  EXPECT_TRUE(server_.HasBlob(spec.model().prototxt().sha256()));
  EXPECT_FALSE(spec.model().has_weights());
  EXPECT_FALSE(spec.has_config());
}

TEST_F(ConfigCreateTest, SendsWeightsAndConfigAndReplacesAnOldFile) {
  const std::string out = Write("config.json", "old");
  const CliResult result = Run(
      {"--model", model_, "--weights", Write("net.caffemodel", "w"), "--config",
       Write("quant.cfg", "batch_num: 2"), "--out", out, "-o", "json"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(nlohmann::json::parse(result.out)["id"], "job-1");
  EXPECT_EQ(Read(out), "{\"version\":1}");
  const v1::InspectSpec spec = server_.last_create().spec().inspect();
  EXPECT_TRUE(server_.HasBlob(spec.model().weights().sha256()));
  EXPECT_TRUE(server_.HasBlob(spec.config().sha256()));
  EXPECT_EQ(spec.config().file_name(), "quant.cfg");
}

TEST_F(ConfigCreateTest, WrongFilesAreFoundBeforeAnythingIsSent) {
  EXPECT_EQ(Run({"--model", model_}).exit_code, 2);
  EXPECT_EQ(Run({"--out", out_}).exit_code, 2);
  EXPECT_EQ(Run({"--model", model_, "--out", directory_}).exit_code, 2);
  EXPECT_EQ(Run({"--model", "/nowhere", "--out", out_}).exit_code, 1);
  EXPECT_EQ(
      Run({"--model", model_, "--config", "/nowhere", "--out", out_}).exit_code,
      1);
  EXPECT_EQ(
      Run({"--model", model_, "--out", model_ + "/config.json"}).exit_code, 1);
  EXPECT_EQ(server_.calls("CreateJob"), 0);
}

TEST_F(ConfigCreateTest, AJobWithoutTheFileIsAnError) {
  Script("other.json");
  const CliResult result = Run({"--model", model_, "--out", out_});
  EXPECT_EQ(result.exit_code, 5);
  EXPECT_TRUE(absl::StrContains(result.err, "has no file config.json"))
      << result.err;
  EXPECT_FALSE(std::filesystem::exists(out_));
}

}  // namespace
}  // namespace quantd
