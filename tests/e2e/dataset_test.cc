// `quantctl dataset` against a real quantd, and jobs on what it uploaded.
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/local_quantctl.h"
#include "tests/testing/quantd_server.h"
#include "tests/testing/subprocess.h"

namespace quantd {
namespace {

using testing::DigitsFile;
using ::testing::ElementsAre;
using testing::FreshDirectory;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::QuantdServer;
using testing::ReadFile;
using testing::Runfile;
using testing::RunResult;

class DatasetTest : public ::testing::Test {
 protected:
  RunResult Cli(const std::vector<std::string>& args) {
    std::vector<std::string> words = {Runfile("client/cli/quantctl"),
                                      "--address", server_.address()};
    words.insert(words.end(), args.begin(), args.end());
    return testing::RunProgram(words, absl::Seconds(120));
  }

  std::string Upload(const std::vector<std::string>& more) {
    std::vector<std::string> words = {"dataset", "upload",
                                      DigitsFile("digits_calibration_lmdb")};
    words.insert(words.end(), more.begin(), more.end());
    const RunResult result = Cli(words);
    EXPECT_EQ(result.status, 0) << result.err;
    return std::string(absl::StripAsciiWhitespace(result.out));
  }

  RunResult Calibrate(const std::string& data, const std::string& out) {
    return Cli({"calibrate", "--model", DigitsFile("digitnet_deploy.prototxt"),
                "--weights", DigitsFile("digitnet.caffemodel"),
                "--scale=0.00390625", "--batch-size=16", "--batch-num=2",
                "--name=digitnet", "--data", data, "--out", out});
  }

  QuantdServer server_;
};

TEST_F(DatasetTest, AnUploadServesJobsByItsId) {
  const std::string id = Upload({});
  EXPECT_EQ(Upload({}), id);  // The same records again.
  const std::string by_id = FreshDirectory("by_id") + "/out";
  const std::string by_path = FreshDirectory("by_path") + "/out";
  const RunResult result = Calibrate(id, by_id);
  ASSERT_EQ(result.status, 0) << result.err;
  EXPECT_THAT(result.err, Not(HasSubstr("upload data")));
  ASSERT_EQ(Calibrate(DigitsFile("digits_calibration_lmdb"), by_path).status,
            0);
  const std::string record = ReadFile(by_id + "/scale_offset_record.txt");
  EXPECT_NE(record, "");
  EXPECT_EQ(record, ReadFile(by_path + "/scale_offset_record.txt"));
}

TEST_F(DatasetTest, ListsAndShowsWhatThereIs) {
  EXPECT_EQ(Cli({"dataset", "list"}).out, "");
  const std::string first = Upload({"--max-records=8", "--name=eight"});
  const std::string all = Upload({});
  ASSERT_NE(first, all);
  const RunResult list = Cli({"dataset", "list"});
  for (const auto line : absl::StrSplit(list.out, '\n', absl::SkipEmpty())) {
    const std::vector<std::string> fields = absl::StrSplit(line, '\t');
    ASSERT_EQ(fields.size(), 6u) << line;
    EXPECT_EQ(fields[1],
              fields[0] == first ? "eight" : "digits_calibration_lmdb");
    EXPECT_EQ(fields[2] == "8", fields[0] == first);
    EXPECT_EQ(fields[4], "complete");
  }
  const RunResult names = Cli({"dataset", "list", "-o", "name", "--limit=1"});
  EXPECT_EQ(names.out, std::min(first, all) + "\n");
  const RunResult show = Cli({"dataset", "show", first});
  EXPECT_THAT(show.out, HasSubstr("name\teight\n"));
  EXPECT_THAT(show.out, HasSubstr("records\t8\n"));
  EXPECT_THAT(Cli({"dataset", "show", first, "-o", "json"}).out,
              HasSubstr("\"sha256\""));
}

TEST_F(DatasetTest, WhatIsMissingIsSaid) {
  const std::string id = "ds-" + std::string(40, 'a');
  const RunResult show = Cli({"dataset", "show", id});
  EXPECT_EQ(show.status, 5) << show.err;
  EXPECT_THAT(show.err, HasSubstr(id));
  const RunResult calibrated =
      Calibrate(id, FreshDirectory("missing") + "/out");
  EXPECT_EQ(calibrated.status, 5) << calibrated.err;
  EXPECT_THAT(calibrated.err, HasSubstr(id));
  const RunResult upload = Cli({"dataset", "upload", "/no/such/place"});
  EXPECT_NE(upload.status, 0);
  EXPECT_THAT(upload.err, HasSubstr("/no/such/place"));
}

}  // namespace
}  // namespace quantd
