// `quantctl convert` against a private quantd, by records that `quantctl
// calibrate` wrote and by bad ones.
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "tests/testing/local_quantctl.h"
#include "tests/testing/subprocess.h"

namespace quantd {
namespace {

using testing::DigitsFile;
using testing::FreshDirectory;
using testing::ReadFile;
using testing::Runfile;
using testing::RunResult;

namespace fs = std::filesystem;

constexpr absl::Duration kPatience = absl::Seconds(120);

// Runs `command` on the shipped network `net`.
RunResult Cli(const std::string& command, const std::string& net,
              const std::string& out, const std::vector<std::string>& more) {
  std::vector<std::string> words = {Runfile("client/cli/quantctl"),
                                    "--local",
                                    command,
                                    "--model",
                                    DigitsFile(net + "_deploy.prototxt"),
                                    "--weights",
                                    DigitsFile(net + ".caffemodel"),
                                    "--name",
                                    net,
                                    "--out",
                                    out};
  words.insert(words.end(), more.begin(), more.end());
  return testing::RunProgram(words, kPatience);
}

class ConvertTest : public ::testing::TestWithParam<const char*> {};

TEST_P(ConvertTest, TheRecordOfACalibrationGivesItsFiles) {
  const std::string net = GetParam();
  const std::string calibrated = FreshDirectory("calibrated");
  const RunResult calibration =
      Cli("calibrate", net, calibrated,
          {"--data", DigitsFile("digits_calibration_lmdb"),
           "--scale=0.00390625", "--batch-size=32", "--batch-num=2"});
  ASSERT_EQ(calibration.status, 0) << calibration.err;
  const std::string record = calibrated + "/scale_offset_record.txt";

  const std::string converted = FreshDirectory("out") + "/new";
  const RunResult result = Cli("convert", net, converted, {"--record", record});
  ASSERT_EQ(result.status, 0) << result.err;
  EXPECT_TRUE(absl::StrContains(result.out, "layers.quantized\t"))
      << result.out;
  int files = 0;
  for (const auto& entry : fs::directory_iterator(converted)) {
    const std::string name = "/" + entry.path().filename().string();
    EXPECT_TRUE(ReadFile(converted + name) == ReadFile(calibrated + name))
        << name;
    ++files;
  }
  EXPECT_EQ(files, 7);

  const std::string half = FreshDirectory("half");
  ASSERT_EQ(Cli("convert", net, half, {"--record", record, "--save=fakequant"})
                .status,
            0);
  EXPECT_TRUE(fs::exists(half + "/" + net + "_fake_quant_model.prototxt"));
  EXPECT_FALSE(fs::exists(half + "/" + net + "_deploy_model.prototxt"));

  // A model that is quantized already.
  const RunResult again = testing::RunProgram(
      {Runfile("client/cli/quantctl"), "--local", "convert", "--model",
       converted + "/" + net + "_deploy_model.prototxt", "--weights",
       converted + "/" + net + "_deploy_weights.caffemodel", "--record", record,
       "--out", half},
      kPatience);
  EXPECT_EQ(again.status, 3);
  EXPECT_TRUE(absl::StrContains(again.err, "quantized already")) << again.err;
}

INSTANTIATE_TEST_SUITE_P(Shipped, ConvertTest,
                         ::testing::Values("digitnet", "lenet"),
                         [](const auto& info) {
                           return std::string(info.param);
                         });

TEST(ConvertErrorTest, BadRecordsAreNamed) {
  const struct {
    const char* record;
    std::vector<std::string> parts;
  } cases[] = {
      {"record { key: 'conv1' value { scale_w: 1 offset_w: 0 "
       "record_d { index: 0 scale_d: nan } } }",
       {"mine.txt", "scale_d", "conv1"}},
      {"record {\n  nonsense: 1\n}", {"mine.txt:2:", "nonsense"}},
      {"record { key: 'conv99' value { } }", {"mine.txt", "conv99"}},
      {"record { key: 'ip1' value { record_d { index: 0 scale_d: 1 } } }",
       {"mine.txt", "offset_d", "ip1"}},
      {"record { key: 'ip1' value { "
       "record_d { index: 0 scale_d: 1 offset_d: 0 } } }",
       {"mine.txt", "scale_w", "ip1"}},
  };
  const std::string folder = FreshDirectory("records");
  for (const auto& c : cases) {
    std::ofstream(folder + "/mine.txt") << c.record;
    const RunResult result =
        Cli("convert", "lenet", folder, {"--record", folder + "/mine.txt"});
    EXPECT_EQ(result.status, 3) << c.record;
    for (const std::string& part : c.parts) {
      EXPECT_TRUE(absl::StrContains(result.err, part)) << result.err;
    }
  }
}

}  // namespace
}  // namespace quantd
