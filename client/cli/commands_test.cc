// Each command's output against a fake server: on a terminal, in a pipe, as
// JSON, as names.
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "client/cli/run_for_test.h"
#include "client/testing/fake_server.h"
#include "client/testing/test_lmdb.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace quantd {
namespace {

using testing::CliOptions;
using testing::CliResult;
using testing::FakeServer;
using testing::RunCli;

v1::JobEvent StateEvent(v1::JobState state) {
  v1::JobEvent event;
  event.mutable_time()->set_seconds(1700000000);
  event.set_state(state);
  return event;
}

v1::JobEvent ProgressEvent(const std::string& phase, int done, int total) {
  v1::JobEvent event;
  event.mutable_time()->set_seconds(1700000001);
  event.mutable_progress()->set_phase(phase);
  event.mutable_progress()->set_done(done);
  event.mutable_progress()->set_total(total);
  return event;
}

class CommandsTest : public ::testing::Test {
 protected:
  CommandsTest() {
    v1::Job job;
    job.set_id("j-done");
    v1::CalibrateSpec& spec = *job.mutable_spec()->mutable_calibrate();
    spec.mutable_model()->mutable_prototxt()->set_file_name("lenet.prototxt");
    spec.mutable_model()->mutable_weights()->set_file_name("lenet.caffemodel");
    spec.set_dataset_id("ds-1");
    job.set_state(v1::JOB_STATE_SUCCEEDED);
    job.mutable_create_time()->set_seconds(1700000000);
    job.mutable_start_time()->set_seconds(1700000001);
    job.mutable_end_time()->set_seconds(1700000003);
    job.set_attempt(1);
    v1::JobResult& result = *job.mutable_result();
    result.mutable_float_accuracy()->set_top1(0.9465);
    result.mutable_float_accuracy()->set_top5(0.999);
    result.mutable_float_accuracy()->set_loss(0.25);
    result.mutable_float_accuracy()->set_num_records(2000);
    v1::LayerAccuracy* layer = result.mutable_float_accuracy()->add_layers();
    layer->set_layer("acc");
    layer->set_top_k(3);
    layer->set_accuracy(0.99);
    layer->add_class_accuracy(0.5);
    *result.mutable_quantized_accuracy() = result.float_accuracy();
    result.mutable_quantized_accuracy()->set_top1(0.944);
    result.set_num_layers_quantized(4);
    result.set_num_layers_float(1);
    result.set_peak_memory_bytes(50 << 20);
    result.set_device("cpu");
    v1::PhaseTime* phase = result.add_phase_times();
    phase->set_phase("LOAD");
    phase->set_seconds(0.5);
    v1::Artifact* artifact = job.add_artifacts();
    artifact->set_name("lenet_quant.json");
    *artifact->mutable_blob() = server_.AddBlob("q", "{}");
    artifact = job.add_artifacts();
    artifact->set_name("lenet_deploy_model.prototxt");
    *artifact->mutable_blob() = server_.AddBlob("d", std::string(2048, 'x'));
    server_.AddJob(
        job, {StateEvent(v1::JOB_STATE_QUEUED), ProgressEvent("LOAD", 1, 2),
              StateEvent(v1::JOB_STATE_SUCCEEDED)});

    v1::Job failed;
    failed.set_id("j-fail");
    failed.mutable_spec()->mutable_evaluate();
    failed.set_state(v1::JOB_STATE_FAILED);
    failed.mutable_error()->set_code(3);
    failed.mutable_error()->set_reason("PROTOTXT_PARSE");
    failed.mutable_error()->set_message("syntax error; correct the prototxt");
    (*failed.mutable_error()->mutable_metadata())["line"] = "7";
    server_.AddJob(failed, {StateEvent(v1::JOB_STATE_FAILED)});

    v1::Job running;
    running.set_id("j-run");
    running.set_state(v1::JOB_STATE_RUNNING);
    server_.AddJob(running, {StateEvent(v1::JOB_STATE_RUNNING)});
  }

  CliResult Run(std::vector<std::string> args, CliOptions options = {}) {
    args.push_back("--address=" + server_.address());
    return RunCli(args, options);
  }

  CliResult RunOnTerminal(const std::vector<std::string>& args) {
    CliOptions options;
    options.terminal = true;
    std::vector<std::string> all = args;
    all.push_back("--no-color");
    return Run(all, options);
  }

  FakeServer server_;
};

TEST_F(CommandsTest, JobListInAllForms) {
  EXPECT_EQ(Run({"job", "list"}).out,
            "j-run\t-\tRUNNING\t-\t\t\n"
            "j-fail\tevaluate\tFAILED\t-\t\t\n"
            "j-done\tcalibrate\tSUCCEEDED\t2023-11-14T22:13:20Z\t2\t"
            "lenet.prototxt\n");
  EXPECT_EQ(
      RunOnTerminal({"job", "list"}).out,
      "ID      KIND       STATE      CREATED                 TIME  MODEL\n"
      "j-run   -          RUNNING    -                          -\n"
      "j-fail  evaluate   FAILED     -                          -\n"
      "j-done  calibrate  SUCCEEDED  2023-11-14T22:13:20Z  2.00 s  "
      "lenet.prototxt\n");
  EXPECT_EQ(Run({"job", "list", "-o", "name"}).out, "j-run\nj-fail\nj-done\n");
  EXPECT_EQ(Run({"job", "list", "-o", "name", "--limit", "1"}).out, "j-run\n");
  EXPECT_EQ(Run({"job", "list", "-o", "name", "--state", "failed"}).out,
            "j-fail\n");
  const std::string json = Run({"job", "list", "-o", "json"}).out;
  const std::vector<std::string> lines = absl::StrSplit(json, '\n');
  ASSERT_EQ(lines.size(), 4);
  EXPECT_EQ(nlohmann::json::parse(lines[1])["id"], "j-fail");
}

TEST_F(CommandsTest, ColorIsForTerminalsOnly) {
  CliOptions options;
  options.terminal = true;
  EXPECT_NE(Run({"job", "list"}, options).out.find("\033[32mSUCCEEDED\033[0m"),
            std::string::npos);
  EXPECT_EQ(Run({"job", "list"}).out.find('\033'), std::string::npos);
}

TEST_F(CommandsTest, JobShowGradesDetectionsBySide) {
  v1::Job job;
  job.set_id("j-boxes");
  job.mutable_spec()->mutable_calibrate();
  job.set_state(v1::JOB_STATE_SUCCEEDED);
  v1::DetectionResult& before = *job.mutable_result()->mutable_detection();
  before.set_mean_average_precision(0.75);
  before.set_num_records(9);
  v1::ClassPrecision* row = before.add_classes();
  row->set_label(1);
  row->set_name("dog");
  row->set_average_precision(0.75);
  row->set_num_truths(12);
  // Without true boxes, and so with nothing to compare.
  row = before.add_classes();
  row->set_label(2);
  row->set_average_precision(-1);
  v1::DetectionResult& after =
      *job.mutable_result()->mutable_quantized_detection();
  after = before;
  after.set_mean_average_precision(0.7);
  after.mutable_classes(0)->set_average_precision(0.7);
  server_.AddJob(job, {StateEvent(v1::JOB_STATE_SUCCEEDED)});
  EXPECT_THAT(RunOnTerminal({"job", "show", "j-boxes"}).out,
              ::testing::HasSubstr(
                  "average precision    float  quantized        change  true "
                  "boxes\n"
                  "dog                75.00 %    70.00 %  -5.00 points  "
                  "        12\n"
                  "mean               75.00 %    70.00 %  -5.00 points\n"
                  "\n"));
  EXPECT_THAT(Run({"job", "show", "j-boxes"}).out,
              ::testing::HasSubstr("float.map\t0.75\nfloat.ap.1\t0.75\n"
                                   "float.ap.2\t-1\nfloat.images\t9\n"
                                   "quantized.map\t0.7\n"));
}

TEST_F(CommandsTest, JobShow) {
  EXPECT_EQ(RunOnTerminal({"job", "show", "j-done"}).out,
            "id        j-done\n"
            "kind      calibrate\n"
            "state     SUCCEEDED\n"
            "model     lenet.prototxt\n"
            "weights   lenet.caffemodel\n"
            "data set  ds-1\n"
            "created   2023-11-14T22:13:20Z\n"
            "started   2023-11-14T22:13:21Z\n"
            "ended     2023-11-14T22:13:23Z\n"
            "attempt   1\n"
            "\n"
            "accuracy       float  quantized        change\n"
            "top-1        94.65 %    94.40 %  -0.25 points\n"
            "top-5        99.90 %    99.90 %  +0.00 points\n"
            "loss          0.2500     0.2500\n"
            "acc (top 3)  99.00 %    99.00 %  +0.00 points\n"
            "  class 0    50.00 %    50.00 %  +0.00 points\n"
            "images          2000       2000\n"
            "\n"
            "layers  4 quantized, 1 left float\n"
            "time    LOAD 0.50 s\n"
            "memory  50.0 MiB\n"
            "device  cpu\n");
  const std::string plain = Run({"job", "show", "j-done"}).out;
  EXPECT_NE(plain.find("float.layer.acc\t0.99\nfloat.layer.acc.0\t0.5\n"),
            std::string::npos)
      << plain;
  const CliResult failed = Run({"job", "show", "j-fail"});
  EXPECT_EQ(failed.exit_code, 0);
  EXPECT_NE(failed.out.find("error\tPROTOTXT_PARSE: syntax error; correct"),
            std::string::npos);
  const auto json =
      nlohmann::json::parse(Run({"job", "show", "j-done", "-o", "json"}).out);
  EXPECT_EQ(json["state"], "JOB_STATE_SUCCEEDED");
  EXPECT_EQ(json["lastSequence"], "3");
  const CliResult absent = Run({"job", "show", "j-none"});
  EXPECT_EQ(absent.exit_code, 5);
  EXPECT_EQ(absent.err,
            "error: job j-none is not there\n"
            "`quantctl job list` shows the jobs of this server\n");
}

TEST_F(CommandsTest, JobWatch) {
  const CliResult done = Run({"job", "watch", "j-done"});
  EXPECT_EQ(done.exit_code, 0);
  EXPECT_EQ(done.out,
            "1\t2023-11-14T22:13:20Z\tstate\tQUEUED\n"
            "2\t2023-11-14T22:13:21Z\tprogress\tLOAD 1/2\n"
            "3\t2023-11-14T22:13:20Z\tstate\tSUCCEEDED\n");
  EXPECT_EQ(done.err,
            "job j-done SUCCEEDED; next: quantctl artifact fetch j-done\n");
  const CliResult failed = Run({"job", "watch", "j-fail", "--quiet"});
  EXPECT_EQ(failed.exit_code, 3);
  EXPECT_EQ(failed.err, "error: syntax error: line 7\ncorrect the prototxt\n");
  EXPECT_EQ(Run({"job", "watch", "j-none"}).exit_code, 5);
  EXPECT_EQ(Run({"job", "watch", "j-run", "--until", "running"}).exit_code, 0);
  EXPECT_EQ(Run({"job", "watch", "j-run", "--until", "later"}).exit_code, 2);
  EXPECT_EQ(Run({"job", "watch", "j-done", "--after", "2"}).out,
            "3\t2023-11-14T22:13:20Z\tstate\tSUCCEEDED\n");
  const CliResult late =
      Run({"job", "watch", "j-run", "--timeout", "300ms", "--quiet"});
  EXPECT_EQ(late.exit_code, 6);
}

TEST_F(CommandsTest, CtrlCSaysHowToGoOn) {
  CancelToken cancel;
  cancel.Cancel();
  CliOptions options;
  options.cancel = &cancel;
  const CliResult result = Run({"job", "watch", "j-run"}, options);
  EXPECT_EQ(result.exit_code, 130);
  EXPECT_EQ(result.err,
            absl::StrCat("interrupted; job j-run goes on\n"
                         "watch it:  quantctl job watch j-run --address ",
                         server_.address(),
                         "\ncancel it: quantctl job cancel j-run --address ",
                         server_.address(), "\n"));
  EXPECT_EQ(Run({"job", "list"}, options).exit_code, 130);
}

TEST_F(CommandsTest, JobCancel) {
  EXPECT_EQ(Run({"job", "cancel", "j-run", "j-done"}).out,
            "j-run\tCANCELLED\nj-done\tSUCCEEDED\n");
  EXPECT_EQ(Run({"job", "cancel", "j-none"}).exit_code, 5);
}

TEST_F(CommandsTest, JobDeleteMustBeConfirmed) {
  EXPECT_EQ(Run({"job", "delete", "j-done"}).exit_code, 2);
  CliOptions options;
  options.terminal = true;
  options.in = "n\n";
  const CliResult no = Run({"job", "delete", "j-done"}, options);
  EXPECT_EQ(no.exit_code, 0);
  EXPECT_EQ(no.err,
            "delete j-done with records and events? [y/N] "
            "nothing was deleted\n");
  EXPECT_EQ(server_.calls("DeleteJob"), 0);
  options.in = "y\n";
  EXPECT_EQ(Run({"job", "delete", "j-done"}, options).exit_code, 0);
  EXPECT_EQ(server_.calls("DeleteJob"), 1);
  EXPECT_EQ(Run({"job", "delete", "j-fail", "--yes"}).exit_code, 0);
  EXPECT_EQ(Run({"job", "delete", "j-fail", "--yes"}).exit_code, 5);
}

TEST_F(CommandsTest, RecordShow) {
  v1::LayerRecord record;
  record.set_layer("conv1");
  record.set_type("Convolution");
  record.set_quantized(true);
  v1::ActivationRecord* activation = record.add_activations();
  activation->set_blob("data");
  activation->set_scale_d(0.1f);
  activation->set_offset_d(-128);
  activation->set_num_bits_d(8);
  activation->set_max(25.5f);
  record.add_scale_w(0.25f);
  record.add_scale_w(0.5f);
  server_.AddRecord("j-done", record);
  v1::LayerRecord skipped;
  skipped.set_layer("ip1");
  skipped.set_type("InnerProduct");
  skipped.set_float_reason("skip_layers");
  server_.AddRecord("j-done", skipped);

  EXPECT_EQ(Run({"record", "show", "j-done"}).out,
            "conv1\tConvolution\tdata\t8\t0.1\t-128\t0\t25.5\t0.25,0.5\n"
            "ip1\tInnerProduct\tfloat: skip_layers\t-\t-\t-\t-\t-\t-\n");
  EXPECT_EQ(
      RunOnTerminal({"record", "show", "j-done", "--layer=conv1"}).out,
      "LAYER  TYPE         INPUT  BITS  SCALE_D  OFFSET_D  MIN   MAX      "
      "  SCALE_W\n"
      "conv1  Convolution  data      8      0.1      -128    0  25.5  "
      "0.25..0.5 (2)\n");
  EXPECT_EQ(Run({"record", "show", "j-done", "-o", "name"}).out,
            "conv1\nip1\n");
  const std::string json =
      Run({"record", "show", "j-done", "-o", "json", "--layer", "ip1"}).out;
  EXPECT_EQ(nlohmann::json::parse(json)["quantized"], false);
  EXPECT_EQ(Run({"record", "show", "j-done", "--layer", "x"}).exit_code, 5);
}

TEST_F(CommandsTest, ArtifactList) {
  const std::string tsv = Run({"artifact", "list", "j-done"}).out;
  EXPECT_EQ(tsv.find("lenet_quant.json\t2\t44136fa355b3678a"), 0);
  EXPECT_EQ(RunOnTerminal({"artifact", "list", "j-done"}).out,
            "NAME                            SIZE  SHA-256\n"
            "lenet_quant.json                 2 B  44136fa355b3678a\n"
            "lenet_deploy_model.prototxt  2.0 KiB  1d1801f753ccd9fa\n");
  EXPECT_EQ(Run({"artifact", "list", "j-done", "-o", "name"}).out,
            "lenet_quant.json\nlenet_deploy_model.prototxt\n");
}

TEST_F(CommandsTest, ArtifactFetch) {
  const std::string out = testing::MakeTestDirectory("fetch") + "/a/b";
  const CliResult all = Run({"artifact", "fetch", "j-done", "--out", out});
  EXPECT_EQ(all.exit_code, 0);
  EXPECT_EQ(all.out, absl::StrCat(out, "/lenet_quant.json\t2\n", out,
                                  "/lenet_deploy_model.prototxt\t2048\n"));
  EXPECT_EQ(all.err, absl::StrCat("wrote 2 files to ", out,
                                  "; next: quantctl record show j-done\n"));
  EXPECT_EQ(std::filesystem::file_size(out + "/lenet_deploy_model.prototxt"),
            2048);
  EXPECT_EQ(Run({"artifact", "fetch", "j-done", "lenet_quant.json", "-o",
                 "name", "--out", out})
                .out,
            out + "/lenet_quant.json\n");
  EXPECT_EQ(
      Run({"artifact", "fetch", "j-done", "nothing", "--out", out}).exit_code,
      5);
  EXPECT_EQ(Run({"artifact", "fetch", "j-run", "--out", out}).exit_code, 5);
}

TEST_F(CommandsTest, ServerStatusAndVersion) {
  v1::ServerInfo info;
  info.set_version("9.9.9");
  info.set_ready(true);
  info.set_start_time_unix_seconds(1700000000);
  info.set_max_blob_bytes(1 << 20);
  (*info.mutable_libraries())["RocksDB"] = "7.8.3";
  v1::WorkerSlot* slot = info.add_slots();
  slot->set_device("cpu");
  slot->set_state(v1::WorkerSlot::BUSY);
  slot->set_job_id("j-run");
  slot->set_pid(42);
  server_.SetInfo(info);

  const std::string status = Run({"server", "status"}).out;
  EXPECT_NE(status.find("version\t9.9.9\t\n"), std::string::npos) << status;
  EXPECT_NE(status.find("slot cpu\tBUSY j-run\tpid 42, 0 restarts\n"),
            std::string::npos);
  EXPECT_NE(status.find(absl::StrCat("setting address\t", server_.address(),
                                     "\tflag\n")),
            std::string::npos);
  const std::string json = Run({"server", "status", "-o", "json"}).out;
  EXPECT_EQ(nlohmann::json::parse(json)["slots"][0]["jobId"], "j-run");
  const std::string version = Run({"version"}).out;
  EXPECT_NE(version.find("quantd\t9.9.9\nserver RocksDB\t7.8.3\n"),
            std::string::npos)
      << version;
  EXPECT_EQ(nlohmann::json::parse(Run({"version", "-o", "json"}).out)["server"],
            "9.9.9");
}

TEST_F(CommandsTest, ErrorsOfTheServerGiveTheExitCode) {
  const std::pair<absl::Status, int> expected[] = {
      {absl::UnauthenticatedError("who?"), 4},
      {absl::PermissionDeniedError("no"), 4},
      {absl::ResourceExhaustedError("full"), 8},
      {absl::InternalError("broken"), 1},
      {absl::DeadlineExceededError("late"), 6},
  };
  for (const auto& [status, exit_code] : expected) {
    server_.FailNextCalls(1, status);
    const CliResult result = Run({"job", "list"});
    EXPECT_EQ(result.exit_code, exit_code) << status;
    EXPECT_EQ(result.err.find(absl::StrCat("error: ", status.message())), 0);
    EXPECT_EQ(result.out, "");
  }
}

}  // namespace
}  // namespace quantd
