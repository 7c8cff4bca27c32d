#include <string>

#include "absl/strings/str_cat.h"
#include "base/testing/status_matchers.h"
#include "engine/data/testing/test_images.h"
#include "engine/data/testing/test_lmdb.h"
#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {
namespace {

// Three grey images: 10 20 / 30 40, one pixel 5, and 7 8; labels 1, 2, 3.
std::string Images() {
  const std::string folder = NewDirectory() + "/";
  WriteBytes(folder + "a.png", EncodePng(2, 2, 1, {10, 20, 30, 40}));
  WriteBytes(folder + "b.png", EncodePng(1, 1, 1, {5}));
  WriteBytes(folder + "c.png", EncodePng(2, 1, 1, {7, 8}));
  WriteBytes(folder + "list.txt", "a.png 1\nb.png 2\nc.png 3\n");
  return folder;
}

LayerTester ImageData(const std::string& folder, const std::string& fields,
                      const std::string& more = "") {
  return LayerTester(absl::StrCat(
      "type: 'ImageData' top: 'data' top: 'label' image_data_param { source: '",
      folder, "list.txt' root_folder: '", folder, "' ", fields, " } ", more));
}

TEST(ImageDataLayerTest, EveryBatchHasItsOwnSize) {
  LayerTester data = ImageData(Images(), "is_color: false");
  ASSERT_OK(data.Forward());
  EXPECT_EQ(data.OutputShape("data"), Shape({1, 1, 2, 2}));
  EXPECT_THAT(data.Output("data"), Values({10, 20, 30, 40}));
  EXPECT_THAT(data.Output("label"), Values({1}));
  ASSERT_OK(data.Forward());
  EXPECT_EQ(data.OutputShape("data"), Shape({1, 1, 1, 1}));
  EXPECT_THAT(data.Output("data"), Values({5}));
  ASSERT_OK(data.Forward());
  EXPECT_EQ(data.OutputShape("data"), Shape({1, 1, 1, 2}));
  EXPECT_THAT(data.Output("data"), Values({7, 8}));
  ASSERT_OK(data.Forward());
  EXPECT_THAT(data.Output("label"), Values({1}));
}

TEST(ImageDataLayerTest, ScalesThenTransforms) {
  LayerTester data =
      ImageData(Images(), "batch_size: 2 new_height: 1 new_width: 1",
                "transform_param { scale: 0.5 mean_value: 1 }");
  ASSERT_OK(data.Forward());
  EXPECT_EQ(data.OutputShape("data"), Shape({2, 3, 1, 1}));
  EXPECT_THAT(data.Output("data"), Values({12, 12, 12, 2, 2, 2}));
  EXPECT_THAT(data.Output("label"), Values({1, 2}));
}

TEST(ImageDataLayerTest, ImagesOfABatchMustBeEqual) {
  EXPECT_THAT(ImageData(Images(), "batch_size: 2").Forward(),
              HasReason("DATASET_SHAPE_MISMATCH"));
}

TEST(ImageDataLayerTest, NamesWhatIsWrong) {
  const std::string folder = Images();
  EXPECT_THAT(ImageData(folder, "batch_size: 0").Forward(),
              HasReason("LAYER_PARAMETER_INVALID"));
  EXPECT_THAT(ImageData(folder, "new_height: 5").Forward(),
              HasReason("LAYER_PARAMETER_INVALID"));
  EXPECT_THAT(ImageData(folder, "new_height: 4294967295 new_width: 4294967295")
                  .Forward(),
              HasReason("LAYER_PARAMETER_INVALID"));
  EXPECT_THAT(ImageData("/nonexistent/", "").Forward(),
              HasReason("DATASET_NOT_FOUND"));
  LayerTester no_source("type: 'ImageData' top: 'data' top: 'label'");
  EXPECT_THAT(no_source.Forward(), HasReason("LAYER_PARAMETER_INVALID"));
  LayerTester one_top("type: 'ImageData' top: 'data'");
  EXPECT_THAT(one_top.Forward(), HasReason("LAYER_ARITY_INVALID"));
}

}  // namespace
}  // namespace quantd::testing
