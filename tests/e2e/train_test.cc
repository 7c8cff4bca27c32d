// `quantctl train` against a private quantd: LeNet on the digits that ship with
// the project, from fillers, from weights, and resumed from a snapshot.
#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gtest/gtest.h"
#include "tests/testing/subprocess.h"

namespace quantd {
namespace {

using testing::FreshDirectory;
using testing::ReadFile;
using testing::Runfile;
using testing::RunResult;

namespace fs = std::filesystem;

constexpr absl::Duration kPatience = absl::Seconds(240);

class TrainTest : public ::testing::Test {
 protected:
  TrainTest() : directory_(FreshDirectory("train")) {
    Link("lenet_train_test.prototxt", "lenet_train_test.prototxt");
    Link("lenet.caffemodel", "lenet.caffemodel");
    // 256 images: four batches an epoch.
    Link("digits_calibration_lmdb", "digits_train_lmdb");
    Link("digits_test_lmdb", "digits_test_lmdb");
  }

  void Link(const std::string& data, const std::string& name) {
    fs::create_symlink(fs::absolute(Runfile("tests/data/digits/" + data)),
                       directory_ + "/" + name);
  }

  // Writes a solver and trains; the values of the report.
  std::map<std::string, std::string> Train(
      const std::string& solver, const std::string& out,
      const std::vector<std::string>& more = {}) {
    std::ofstream(directory_ + "/solver.prototxt")
        << "net: 'lenet_train_test.prototxt' lr_policy: 'fixed' "
        << "snapshot_prefix: 'snapshots/lenet' solver_mode: CPU " << solver;
    std::vector<std::string> words = {Runfile("client/cli/quantctl"),
                                      "--local",
                                      "train",
                                      "--solver",
                                      directory_ + "/solver.prototxt",
                                      "--out",
                                      directory_ + "/" + out};
    words.insert(words.end(), more.begin(), more.end());
    const RunResult result = testing::RunProgram(words, kPatience);
    EXPECT_EQ(result.status, 0) << result.err;
    std::map<std::string, std::string> values;
    for (absl::string_view line : absl::StrSplit(result.out, '\n')) {
      const std::pair<std::string, std::string> pair =
          absl::StrSplit(line, absl::MaxSplits('\t', 1));
      values.insert(pair);
    }
    return values;
  }

  static double Number(const std::map<std::string, std::string>& values,
                       const std::string& key) {
    const auto it = values.find(key);
    double number = NAN;
    EXPECT_TRUE(it != values.end() && absl::SimpleAtod(it->second, &number))
        << key;
    return number;
  }

  std::string Bytes(const std::string& path) const {
    const std::string bytes = ReadFile(directory_ + "/" + path);
    EXPECT_FALSE(bytes.empty()) << path;
    return bytes;
  }

  const std::string directory_;
};

TEST_F(TrainTest, LearnsFromTheFillersOn) {
  const auto values = Train(
      "base_lr: 0.01 momentum: 0.9 max_iter: 60 display: 20 test_iter: 20 "
      "test_interval: 60 test_initialization: false",
      "out");
  EXPECT_EQ(Number(values, "iterations"), 60);
  EXPECT_LT(Number(values, "loss"), 0.5);
  // Of ten classes, from 256 images; the whole data set gives 0.948.
  EXPECT_GT(Number(values, "test 0 accuracy"), 0.35);
  EXPECT_TRUE(fs::exists(directory_ + "/out/lenet_iter_60.caffemodel"));
  EXPECT_TRUE(fs::exists(directory_ + "/out/lenet_iter_60.solverstate"));
}

TEST_F(TrainTest, TestsTheWeightsItIsGiven) {
  // A rate of 0 keeps them; 20 batches of 100 are the whole test LMDB. BVLC
  // Caffe's accuracy on it is 0.9475.
  const auto values =
      Train("base_lr: 0 max_iter: 1 test_iter: 20 test_interval: 1", "out",
            {"--weights", directory_ + "/lenet.caffemodel"});
  EXPECT_NEAR(Number(values, "test 0 accuracy"), 0.9475, 0.0005);
}

TEST_F(TrainTest, AResumedRunEndsInTheSameBytes) {
  const std::string solver =
      "base_lr: 0.001 type: 'Adam' momentum: 0.9 max_iter: 11 snapshot: 6";
  Train(solver, "whole");
  Train(solver, "rest",
        {"--snapshot", directory_ + "/whole/lenet_iter_6.solverstate"});
  EXPECT_FALSE(fs::exists(directory_ + "/rest/lenet_iter_6.caffemodel"));
  EXPECT_EQ(Bytes("whole/lenet_iter_11.caffemodel"),
            Bytes("rest/lenet_iter_11.caffemodel"));
  EXPECT_EQ(Bytes("whole/lenet_iter_11.solverstate"),
            Bytes("rest/lenet_iter_11.solverstate"));
}

TEST_F(TrainTest, WhatIsMissingOrWrongIsNamedBeforeAnythingRuns) {
  std::ofstream(directory_ + "/solver.prototxt")
      << "net: 'nowhere.prototxt' base_lr: 1 lr_policy: 'fixed'";
  const std::vector<std::string> words = {Runfile("client/cli/quantctl"),
                                          "--local",
                                          "train",
                                          "--solver",
                                          directory_ + "/solver.prototxt",
                                          "--out",
                                          directory_ + "/out"};
  const RunResult missing = testing::RunProgram(words, kPatience);
  EXPECT_NE(missing.status, 0);
  EXPECT_TRUE(absl::StrContains(missing.err, "nowhere.prototxt"))
      << missing.err;
  std::ofstream(directory_ + "/solver.prototxt")
      << "net: 'lenet_train_test.prototxt' base_lr: 1 lr_policy: 'cosine'";
  const RunResult wrong = testing::RunProgram(words, kPatience);
  EXPECT_EQ(wrong.status, 3) << wrong.err;
  EXPECT_TRUE(absl::StrContains(wrong.err, "lr_policy")) << wrong.err;
}

}  // namespace
}  // namespace quantd
