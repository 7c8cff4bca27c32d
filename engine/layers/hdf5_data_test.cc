#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/testing/status_matchers.h"
#include "engine/data/testing/test_lmdb.h"
#include "engine/hdf5/hdf5_writer.h"
#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {
namespace {

// A file of `rows` rows x = (v, -v), label = v for v = first, first + 1, ...
std::string WriteFile(int first, int rows, int x_rows = -1, int x_columns = 2) {
  auto writer = Hdf5Writer::Create();
  EXPECT_OK(writer);
  std::vector<float> x;
  std::vector<float> labels;
  if (x_rows < 0) x_rows = rows;
  for (int i = 0; i < x_rows; ++i) {
    for (int k = 0; k < x_columns; ++k) {
      x.push_back(static_cast<float>(k % 2 == 0 ? first + i : -first - i));
    }
  }
  for (int i = 0; i < rows; ++i)
    labels.push_back(static_cast<float>(first + i));
  EXPECT_OK((*writer)->AddFloats("/x", {x_rows, x_columns}, x));
  EXPECT_OK((*writer)->AddFloats("/label", {rows}, labels));
  const auto bytes = (*writer)->Finish();
  EXPECT_OK(bytes);
  const std::string path = NewDirectory() + "/rows.h5";
  WriteBytes(path, *bytes);
  return path;
}

std::string WriteList(const std::vector<std::string>& files) {
  std::string list;
  for (const std::string& file : files) absl::StrAppend(&list, file, "\n");
  const std::string path = NewDirectory() + "/list.txt";
  WriteBytes(path, list);
  return path;
}

LayerTester Hdf5Data(const std::string& list, const std::string& fields,
                     const std::string& more = "") {
  return LayerTester(
      absl::StrCat("type: 'HDF5Data' top: 'x' top: 'label' hdf5_data_param { "
                   "source: '",
                   list, "' ", fields, " } ", more));
}

// The labels of the next `count` batches.
std::vector<float> Labels(LayerTester* tester, int count) {
  std::vector<float> labels;
  for (int i = 0; i < count; ++i) {
    EXPECT_OK(tester->Forward());
    const std::vector<float> batch = tester->Output("label");
    const std::vector<float> x = tester->Output("x");
    for (size_t k = 0; k < batch.size(); ++k) {
      EXPECT_EQ(x[2 * k], batch[k]);
      EXPECT_EQ(x[2 * k + 1], -batch[k]);
    }
    labels.insert(labels.end(), batch.begin(), batch.end());
  }
  return labels;
}

TEST(Hdf5DataLayerTest, BatchesGoOnFromFileToFile) {
  LayerTester data =
      Hdf5Data(WriteList({WriteFile(0, 4), WriteFile(4, 3)}), "batch_size: 3");
  EXPECT_THAT(Labels(&data, 4), Values({0, 1, 2, 3, 4, 5, 6, 0, 1, 2, 3, 4}));
  EXPECT_EQ(data.OutputShape("x"), Shape({3, 2}));
  EXPECT_EQ(data.OutputShape("label"), Shape({3}));
}

TEST(Hdf5DataLayerTest, OneFileStartsAgain) {
  LayerTester data = Hdf5Data(WriteList({WriteFile(0, 2)}), "batch_size: 5");
  EXPECT_THAT(Labels(&data, 1), Values({0, 1, 0, 1, 0}));
}

TEST(Hdf5DataLayerTest, ShufflesRowsAndFilesAnewEveryRound) {
  const std::string list = WriteList({WriteFile(0, 20), WriteFile(20, 20)});
  const std::string fields = "batch_size: 40 shuffle: true";
  LayerTester data = Hdf5Data(list, fields);
  const std::vector<float> first = Labels(&data, 1);
  const std::vector<float> second = Labels(&data, 1);
  EXPECT_EQ(std::set<float>(first.begin(), first.end()).size(), 40u);
  EXPECT_EQ(std::set<float>(second.begin(), second.end()).size(), 40u);
  EXPECT_FALSE(std::is_sorted(first.begin(), first.begin() + 20));
  EXPECT_NE(first, second);
  LayerTester again = Hdf5Data(list, fields);
  EXPECT_EQ(Labels(&again, 1), first);
}

TEST(Hdf5DataLayerTest, NamesWhatIsWrong) {
  const std::string list = WriteList({WriteFile(0, 2)});
  const auto reason_of = [](const std::string& list) {
    LayerTester data = Hdf5Data(list, "batch_size: 3");
    return data.Forward();
  };
  EXPECT_THAT(Hdf5Data(list, "").Forward(),
              HasReason("LAYER_PARAMETER_INVALID"));
  EXPECT_THAT(
      Hdf5Data(list, "batch_size: 1", "transform_param { scale: 2 }").Forward(),
      HasReason("LAYER_PARAMETER_INVALID"));
  EXPECT_THAT(reason_of(""), HasReason("LAYER_PARAMETER_INVALID"));
  EXPECT_THAT(reason_of("/nonexistent/list"), HasReason("DATASET_NOT_FOUND"));
  EXPECT_THAT(reason_of(WriteList({})), HasReason("DATASET_EMPTY"));
  EXPECT_THAT(reason_of(WriteList({"/nonexistent/a.h5"})),
              HasReason("FILE_NOT_FOUND"));
  EXPECT_THAT(reason_of(WriteList({WriteFile(0, 2, 3)})),
              HasReason("DATASET_SHAPE_MISMATCH"));
  EXPECT_THAT(reason_of(WriteList({WriteFile(0, 2), WriteFile(0, 2, 2, 3)})),
              HasReason("DATASET_SHAPE_MISMATCH"));
  LayerTester other(absl::StrCat(
      "type: 'HDF5Data' top: 'y' hdf5_data_param { batch_size: 1 source: '",
      list, "' }"));
  EXPECT_THAT(other.Forward(), HasReason("HDF5_DATASET_NOT_FOUND"));
}

TEST(Hdf5DataLayerTest, SkippedPassesLeaveOutTheirRows) {
  const std::string list = WriteList({WriteFile(0, 3), WriteFile(3, 4)});
  LayerTester whole = Hdf5Data(list, "batch_size: 2 shuffle: true");
  ASSERT_OK(whole.Forward());
  for (int skipped = 0; skipped < 8; ++skipped) {
    LayerTester tester = Hdf5Data(list, "batch_size: 2 shuffle: true");
    ASSERT_OK(tester.Forward());
    ASSERT_OK(tester.net()->SkipPasses(skipped));
    EXPECT_EQ(Labels(&tester, 1), Labels(&whole, 1)) << skipped;
  }
}

}  // namespace
}  // namespace quantd::testing
