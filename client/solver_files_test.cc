#include "client/solver_files.h"

#include <sys/stat.h>

#include <fstream>

#include "absl/strings/str_cat.h"
#include "base/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace quantd {
namespace {

using ::quantd::testing::HasReason;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

class SolverFilesTest : public ::testing::Test {
 protected:
  SolverFilesTest() {
    static int counter = 0;
    directory_ = absl::StrCat(::testing::TempDir(), "/solver", counter++, "/");
    mkdir(directory_.c_str(), 0755);
  }

  void Write(const std::string& name, const std::string& text) {
    std::ofstream(directory_ + name) << text;
  }

  absl::StatusOr<SolverFiles> Find(const std::string& solver) {
    Write("solver.prototxt", solver);
    return FindSolverFiles(directory_ + "solver.prototxt");
  }

  std::string directory_;
};

TEST_F(SolverFilesTest, FindsNetsDataAndMeansBesideTheSolver) {
  mkdir((directory_ + "train_lmdb").c_str(), 0755);
  Write("mean.binaryproto", "x");
  Write("net.prototxt",
        "layer { type: 'Data' data_param { source: 'train_lmdb' } "
        "transform_param { mean_file: 'mean.binaryproto' } }");
  Write("test.prototxt",
        "layers { type: DATA data_param { source: 'train_lmdb' } }");
  const auto files =
      Find("net: 'net.prototxt' test_net: 'test.prototxt' test_iter: 1");
  ASSERT_OK(files);
  EXPECT_EQ(files->net, directory_ + "net.prototxt");
  EXPECT_THAT(files->test_nets, ElementsAre(directory_ + "test.prototxt"));
  EXPECT_THAT(files->datasets, UnorderedElementsAre(Pair(
                                   "train_lmdb", directory_ + "train_lmdb")));
  EXPECT_THAT(files->files,
              UnorderedElementsAre(
                  Pair("mean.binaryproto", directory_ + "mean.binaryproto")));
}

TEST_F(SolverFilesTest, ANetworkInsideTheSolverNeedsNoFile) {
  const auto files = Find("net_param { name: 'n' unknown_field: 3 }");
  ASSERT_OK(files);
  EXPECT_EQ(files->net, "");
}

TEST_F(SolverFilesTest, AMissingFileIsNamedWithItsField) {
  const auto missing = Find("net: 'nowhere.prototxt'");
  EXPECT_THAT(missing, HasReason("FILE_NOT_FOUND"));
  EXPECT_THAT(std::string(missing.status().message()),
              HasSubstr("net \"nowhere.prototxt\""));
  Write("net.prototxt", "layer { data_param { source: 'no_lmdb' } }");
  EXPECT_THAT(Find("net: 'net.prototxt'"), HasReason("FILE_NOT_FOUND"));
}

TEST_F(SolverFilesTest, ASyntaxErrorHasLineAndColumn) {
  const auto broken = Find("net_param {\n  name: }\n");
  EXPECT_THAT(broken, HasReason("PROTOTXT_PARSE"));
  EXPECT_THAT(std::string(broken.status().message()),
              HasSubstr("solver.prototxt:2:9"));
}

TEST_F(SolverFilesTest, TheWeightsOfASnapshotAreBesideIt) {
  const std::string state = directory_ + "n_iter_5.solverstate";
  EXPECT_THAT(WeightsOfSolverState(state), HasReason("FILE_NOT_FOUND"));
  Write("n_iter_5.caffemodel", "x");
  const auto weights = WeightsOfSolverState(state);
  ASSERT_OK(weights);
  EXPECT_EQ(*weights, directory_ + "n_iter_5.caffemodel");
  EXPECT_THAT(WeightsOfSolverState(directory_ + "n_iter_5.txt"),
              HasReason("FILE_NOT_FOUND"));
}

}  // namespace
}  // namespace quantd
