#include <string>

#include "base/testing/status_matchers.h"
#include "engine/data/testing/test_images.h"
#include "engine/data/testing/test_lmdb.h"
#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {
namespace {

std::string Pixels() {
  return WriteLmdb({MakeDatum(1, 1, 1, "\x0a", 0),
                    MakeDatum(1, 1, 1, "\x14", 1),
                    MakeDatum(1, 1, 1, "\x1e", 2)});
}

LayerTester Data(const std::string& source, const std::string& more = "") {
  return LayerTester(
      "type: 'Data' top: 'data' top: 'label' data_param { "
      "source: '" +
      source + "' batch_size: 2 } " + more);
}

TEST(DataLayerTest, IsCyclic) {
  LayerTester data = Data(Pixels(), "transform_param { scale: 0.1 }");
  ASSERT_OK(data.Forward());
  EXPECT_EQ(data.OutputShape("data"), Shape({2, 1, 1, 1}));
  EXPECT_EQ(data.OutputShape("label"), Shape({2}));
  EXPECT_THAT(data.Output("data"), Values({1, 2}, 1e-6f));
  ASSERT_OK(data.Forward());
  EXPECT_THAT(data.Output("data"), Values({3, 1}, 1e-6f));
  EXPECT_THAT(data.Output("label"), Values({2, 0}));
}

TEST(DataLayerTest, LabelsMayBeLeftOut) {
  LayerTester data("type: 'Data' top: 'data' data_param { source: '" +
                   Pixels() + "' batch_size: 1 backend: LMDB }");
  ASSERT_OK(data.Forward());
  EXPECT_THAT(data.Output("data"), Values({10}));
}

TEST(DataLayerTest, NamesWhatIsWrong) {
  EXPECT_THAT(Data("/nonexistent").Forward(), HasReason("DATASET_NOT_FOUND"));
  EXPECT_THAT(Data("").Forward(), HasReason("LAYER_PARAMETER_INVALID"));
  LayerTester no_batch("type: 'Data' top: 'data' data_param { source: 'x' }");
  EXPECT_THAT(no_batch.Forward(), HasReason("LAYER_PARAMETER_INVALID"));
  EXPECT_THAT(Data(Pixels(), "transform_param { crop_size: 2 }").Forward(),
              HasReason("DATASET_SHAPE_MISMATCH"));
  EXPECT_THAT(Data(Pixels(), "transform_param { mean_file: '/nonexistent/m' }")
                  .Forward(),
              HasReason("MEAN_FILE_NOT_FOUND"));
}

TEST(DataLayerTest, SaysThatLevelDbMustBeConverted) {
  const std::string directory = NewDirectory();
  WriteBytes(directory + "/CURRENT", "MANIFEST-000001\n");
  EXPECT_THAT(Data(directory).Forward(), HasReason("FEATURE_NOT_BUILT"));
  LayerTester leveldb("type: 'Data' top: 'data' data_param { source: '" +
                      Pixels() + "' batch_size: 1 backend: LEVELDB }");
  EXPECT_THAT(leveldb.Forward(), HasReason("FEATURE_NOT_BUILT"));
  EXPECT_THAT(leveldb.Forward(),
              StatusIs(absl::StatusCode::kUnimplemented, "backend: LMDB"));
}

TEST(DataLayerTest, EveryBatchHasItsOwnSize) {
  LayerTester data(
      "type: 'Data' top: 'data' data_param { batch_size: 1 "
      "source: '" +
      WriteLmdb({MakeDatum(1, 1, 1, "a"), MakeDatum(1, 2, 1, "bc")}) + "' }");
  ASSERT_OK(data.Forward());
  EXPECT_EQ(data.OutputShape("data"), Shape({1, 1, 1, 1}));
  ASSERT_OK(data.Forward());
  EXPECT_EQ(data.OutputShape("data"), Shape({1, 1, 2, 1}));
  EXPECT_THAT(data.Output("data"), Values({'b', 'c'}));
}

TEST(DataLayerTest, ForceEncodedColor) {
  caffe::Datum datum;
  datum.set_encoded(true);
  datum.set_data(EncodePng(1, 1, 1, {9}));
  const std::string source = WriteLmdb({datum});
  LayerTester data(
      "type: 'Data' top: 'data' data_param { batch_size: 1 "
      "force_encoded_color: true source: '" +
      source + "' }");
  ASSERT_OK(data.Forward());
  EXPECT_EQ(data.OutputShape("data"), Shape({1, 3, 1, 1}));
  EXPECT_THAT(data.Output("data"), Values({9, 9, 9}));
}

}  // namespace
}  // namespace quantd::testing
