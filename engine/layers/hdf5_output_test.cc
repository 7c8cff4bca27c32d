#include <string>

#include "base/testing/status_matchers.h"
#include "engine/data/testing/test_lmdb.h"
#include "engine/hdf5/hdf5_reader.h"
#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {
namespace {

LayerTester Output(const std::string& file) {
  return LayerTester(
      "type: 'HDF5Output' bottom: 'x' bottom: 'y' hdf5_output_param { "
      "file_name: '" +
      file + "' }");
}

TEST(Hdf5OutputLayerTest, WritesBothBottomsAsFourAxes) {
  const std::string file = NewDirectory() + "/out.h5";
  LayerTester output = Output(file);
  output.Input("x", {2, 3}, {1, 2, 3, 4, 5, 6}).Input("y", {2}, {7, 8});
  ASSERT_OK(output.Forward());
  ASSERT_OK(output.Forward());  // Replaces the file.
  ASSERT_OK_AND_ASSIGN(const auto reader, Hdf5Reader::Open(file));
  ASSERT_OK_AND_ASSIGN(const Hdf5Dataset data, reader->Find("/data"));
  EXPECT_EQ(data.dims, (std::vector<int64_t>{2, 3, 1, 1}));
  std::vector<float> values(6);
  ASSERT_OK(reader->ReadFloats("/data", absl::MakeSpan(values)));
  EXPECT_THAT(values, Values({1, 2, 3, 4, 5, 6}));
  ASSERT_OK_AND_ASSIGN(const Hdf5Dataset label, reader->Find("/label"));
  EXPECT_EQ(label.dims, (std::vector<int64_t>{2, 1, 1, 1}));
  values.resize(2);
  ASSERT_OK(reader->ReadFloats("/label", absl::MakeSpan(values)));
  EXPECT_THAT(values, Values({7, 8}));
}

TEST(Hdf5OutputLayerTest, NamesWhatIsWrong) {
  const auto forward = [](const std::string& file, const Shape& x,
                          const Shape& y) {
    LayerTester output = Output(file);
    output.Input("x", x).Input("y", y);
    return output.Forward();
  };
  EXPECT_THAT(forward("", {1}, {1}), HasReason("LAYER_PARAMETER_INVALID"));
  EXPECT_THAT(forward("/tmp/x", {2}, {1}), HasReason("LAYER_SHAPE_INVALID"));
  EXPECT_THAT(forward("/tmp/x", {1, 1, 1, 1, 1}, {1}),
              HasReason("LAYER_SHAPE_INVALID"));
  EXPECT_THAT(forward("/nonexistent/x.h5", {1}, {1}),
              HasReason("FILE_NOT_FOUND"));
  LayerTester one("type: 'HDF5Output' bottom: 'x'");
  one.Input("x", {1});
  EXPECT_THAT(one.Forward(), HasReason("LAYER_ARITY_INVALID"));
}

}  // namespace
}  // namespace quantd::testing
