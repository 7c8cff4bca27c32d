#include "engine/model/caffemodel_h5.h"

#include <string>
#include <vector>

#include "base/testing/status_matchers.h"
#include "engine/hdf5/hdf5_reader.h"
#include "engine/hdf5/hdf5_writer.h"
#include "engine/model/caffemodel.h"
#include "engine/model/prototxt.h"

namespace quantd::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Code = absl::StatusCode;

caffe::NetParameter Net(const std::string& text) {
  auto net = ParseNetPrototxt(text, "text");
  EXPECT_OK(net);
  return *net;
}

caffe::NetParameter SmallNet() {
  return Net(
      "layer { name: \"conv\" type: \"Convolution\" "
      "  blobs { shape { dim: 2 dim: 1 dim: 1 dim: 2 } data: [1, 2, 3, 4] } "
      "  blobs { shape { dim: 2 } data: [5, 6] } } "
      "layer { name: \"relu\" type: \"ReLU\" } "
      "layer { name: \"a/b\" blobs { shape {} data: 7 } }");
}

TEST(CaffemodelH5Test, ReadsWhatItWritesByContent) {
  ASSERT_OK_AND_ASSIGN(const std::string bytes,
                       SerializeCaffemodelH5(SmallNet()));
  ASSERT_OK_AND_ASSIGN(const caffe::NetParameter net,
                       ParseCaffemodel(bytes, "net.caffemodel"));
  ASSERT_EQ(net.layer_size(), 2);  // Layers without blobs say nothing.
  EXPECT_EQ(net.layer(0).name(), "a/b");
  EXPECT_THAT(net.layer(0).blobs(0).shape().dim(), IsEmpty());
  EXPECT_THAT(net.layer(0).blobs(0).data(), ElementsAre(7));
  EXPECT_EQ(net.layer(1).name(), "conv");
  EXPECT_THAT(net.layer(1).blobs(0).shape().dim(), ElementsAre(2, 1, 1, 2));
  EXPECT_THAT(net.layer(1).blobs(0).data(), ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(net.layer(1).blobs(1).data(), ElementsAre(5, 6));
}

TEST(CaffemodelH5Test, WritesCaffesPaths) {
  ASSERT_OK_AND_ASSIGN(const std::string bytes,
                       SerializeCaffemodelH5(SmallNet()));
  ASSERT_OK_AND_ASSIGN(auto reader, Hdf5Reader::FromBytes(bytes, "m"));
  EXPECT_THAT(reader->datasets(),
              ElementsAre("/data/a/b/0", "/data/conv/0", "/data/conv/1"));
  EXPECT_THAT(reader->groups(), ElementsAre("/data", "/data/a", "/data/a/b",
                                            "/data/conv", "/data/relu"));
}

TEST(CaffemodelH5Test, SharedBlobsAreLeftOut) {
  ASSERT_OK_AND_ASSIGN(auto writer, Hdf5Writer::Create());
  ASSERT_OK(writer->AddFloats("/data/ip/2", {1}, {3}));
  ASSERT_OK_AND_ASSIGN(const std::string bytes, writer->Finish());
  ASSERT_OK_AND_ASSIGN(const caffe::NetParameter net,
                       ParseCaffemodelH5(bytes, "m"));
  ASSERT_EQ(net.layer(0).blobs_size(), 3);
  EXPECT_EQ(net.layer(0).blobs(0).ByteSizeLong(), 0u);
  EXPECT_EQ(net.layer(0).blobs(1).ByteSizeLong(), 0u);
  EXPECT_THAT(net.layer(0).blobs(2).data(), ElementsAre(3));
}

TEST(CaffemodelH5Test, OtherHdf5FilesAreNamed) {
  const auto parse = [](const std::vector<std::string>& paths) {
    auto writer = *Hdf5Writer::Create();
    for (const std::string& path : paths) {
      EXPECT_OK(writer->AddFloats(path, {1}, {1}));
    }
    return ParseCaffemodel(*writer->Finish(), "m.h5").status();
  };
  EXPECT_THAT(parse({"/data"}), StatusIs(Code::kInvalidArgument, "m.h5"));
  EXPECT_THAT(parse({"/data"}), HasReason("CAFFEMODEL_PARSE"));
  EXPECT_THAT(parse({"/history/0"}), HasReason("CAFFEMODEL_PARSE"));
  for (const char* path : {"/data/0", "/data/conv/x", "/data/conv/-1",
                           "/data/conv/01", "/data/conv/1024"}) {
    EXPECT_THAT(parse({path}), HasReason("CAFFEMODEL_PARSE")) << path;
    EXPECT_THAT(parse({path}), StatusIs(Code::kInvalidArgument, path));
  }
  EXPECT_THAT(parse({"/data/a\nb/0"}), HasReason("MODEL_INVALID"));
}

TEST(CaffemodelH5Test, WriterRefusesWhatTheFormatLacks) {
  EXPECT_THAT(
      SerializeCaffemodelH5(Net("layer { name: \"a\" blobs { data: 1 } } "
                                "layer { name: \"a\" blobs { data: 1 } }")),
      StatusIs(Code::kInvalidArgument, "layer \"a\", blob 0"));
  EXPECT_THAT(SerializeCaffemodelH5(
                  Net("layer { name: \"a\" blobs { shape { dim: 1 } int8_data: "
                      "\"x\" } }")),
              HasReason("MODEL_INVALID"));
  EXPECT_THAT(SerializeCaffemodelH5(
                  Net("layer { name: \"a\" blobs { shape { dim: 3 } data: 1 } "
                      "}")),
              HasReason("MODEL_WEIGHTS_MISMATCH"));
}

}  // namespace
}  // namespace quantd::testing
