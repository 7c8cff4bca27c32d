#include "engine/model/load_model.h"

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/testing/status_matchers.h"
#include "engine/model/caffemodel.h"
#include "engine/model/caffemodel_h5.h"
#include "engine/model/prototxt.h"

namespace quantd {
namespace {

using ::quantd::testing::HasReason;
using ::quantd::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kPrototxt[] =
    "input: \"data\" input_shape { dim: 1 dim: 2 }\n"
    "layer { name: \"ip\" type: \"InnerProduct\" bottom: \"data\" top: \"ip\"\n"
    "  inner_product_param { num_output: 1 } }\n"
    "layer { name: \"loss\" type: \"SoftmaxWithLoss\" bottom: \"ip\"\n"
    "  bottom: \"label\" top: \"loss\" include { phase: TRAIN } }\n";

std::string Weights(const std::string& text) {
  auto net = ParseNetPrototxt(text, "text");
  EXPECT_OK(net);
  return net->SerializeAsString();
}

absl::StatusOr<LoadedModel> Load(const std::string& weights) {
  return LoadModel(kPrototxt, "net.prototxt", Weights(weights),
                   "net.caffemodel");
}

TEST(LoadModelTest, AttachesBlobsByName) {
  ASSERT_OK_AND_ASSIGN(const LoadedModel model,
                       Load("layer { name: \"ip\" type: \"Other\" "
                            "  blobs { shape { dim: 1 dim: 2 } data: [3, 4] } "
                            "  blobs { shape { dim: 1 } data: 5 } } "
                            "layer { name: \"data_split\" type: \"Split\" } "
                            "layer { name: \"old\" blobs { data: 1 } }"));
  ASSERT_EQ(model.net.layer_size(), 2);
  EXPECT_EQ(model.net.layer(0).type(), "Input");
  EXPECT_EQ(model.net.layer(1).type(), "InnerProduct");
  ASSERT_EQ(model.net.layer(1).blobs_size(), 2);
  EXPECT_THAT(model.net.layer(1).blobs(0).data(), ElementsAre(3, 4));
  EXPECT_THAT(model.warnings,
              ElementsAre(HasSubstr("Ignoring source layer \"old\"")));
}

TEST(LoadModelTest, PhaseAndV1Weights) {
  LoadOptions options;
  options.phase = caffe::TRAIN;
  ASSERT_OK_AND_ASSIGN(
      const LoadedModel model,
      LoadModel(kPrototxt, "p",
                Weights("layers { name: \"ip\" type: INNER_PRODUCT "
                        "  blobs { num: 1 channels: 1 height: 1 width: 2 "
                        "    data: [1, 2] } }"),
                "m", options));
  EXPECT_EQ(model.net.layer_size(), 3);
  EXPECT_EQ(model.net.layer(1).blobs(0).width(), 2);
  EXPECT_THAT(model.warnings, IsEmpty());
}

TEST(LoadModelTest, NoWeightsIsLegal) {
  EXPECT_OK(LoadModel(kPrototxt, "p", "", ""));
}

TEST(LoadModelTest, LaterWeightsReplaceEarlierOnes) {
  const std::string text =
      "layer { name: \"a\" } layer { name: \"b\" } layer { name: \"c\" }";
  const std::string first = Weights(
      "layer { name: \"a\" blobs { data: 1 } blobs { data: 2 } } "
      "layer { name: \"b\" blobs { data: 3 } }");
  const std::string second = Weights(
      "layer { name: \"a\" blobs { data: 4 } } "
      "layer { name: \"z\" blobs { data: 5 } }");
  ASSERT_OK_AND_ASSIGN(const caffe::NetParameter third,
                       ParseNetPrototxt("layer { name: \"c\" blobs { shape { "
                                        "dim: 1 } data: 6 } }",
                                        "third"));
  ASSERT_OK_AND_ASSIGN(const std::string hdf5, SerializeCaffemodelH5(third));
  ASSERT_OK_AND_ASSIGN(
      const LoadedModel model,
      LoadModel(text, "p", {{first, "1"}, {second, "2"}, {hdf5, "3"}}));
  EXPECT_THAT(model.net.layer(0).blobs_size(), 1);
  EXPECT_THAT(model.net.layer(0).blobs(0).data(), ElementsAre(4));
  EXPECT_THAT(model.net.layer(1).blobs(0).data(), ElementsAre(3));
  EXPECT_THAT(model.net.layer(2).blobs(0).data(), ElementsAre(6));
  EXPECT_THAT(model.warnings,
              ElementsAre(HasSubstr("2: Ignoring source layer \"z\"")));
}

TEST(LoadModelTest, BlobThatDisagreesWithItsShape) {
  const auto model = Load(
      "layer { name: \"ip\" blobs { shape { dim: 1 dim: 2 } "
      "data: [1, 2] } blobs { shape { dim: 3 } data: [1, 2] } }");
  EXPECT_THAT(model, HasReason("MODEL_WEIGHTS_MISMATCH"));
  const ErrorMetadata metadata = GetErrorMetadata(model.status());
  EXPECT_EQ(metadata.at("layer"), "ip");
  EXPECT_EQ(metadata.at("blob"), "1");
  EXPECT_EQ(metadata.at("found"), "2");
  EXPECT_EQ(metadata.at("file"), "net.caffemodel");
}

TEST(LoadModelTest, RefusesIllegalBlobShapes) {
  for (const char* shape :
       {"dim: -1", "dim: 4294967296 dim: 4294967296", "dim: 2147483648",
        "dim: [1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,"
        "1,1,1]"}) {
    EXPECT_THAT(Load(absl::StrCat("layer { name: \"ip\" blobs { shape { ",
                                  shape, " } data: 1 } }")),
                HasReason("MODEL_WEIGHTS_MISMATCH"))
        << shape;
  }
}

TEST(LoadModelTest, RefusesBadNets) {
  const auto load = [](const std::string& text) {
    return LoadModel(text, "net.prototxt", "", "");
  };
  EXPECT_THAT(load("name: \"empty\""), HasReason("MODEL_INVALID"));
  EXPECT_THAT(load("layer { name: \"a\" include { phase: TRAIN } }"),
              HasReason("MODEL_INVALID"));
  for (const char* dim : {"-1", "0", "2147483648"}) {
    EXPECT_THAT(load(absl::StrCat("layer { name: \"a\" type: \"Input\" "
                                  "input_param { shape { dim: ",
                                  dim, " } } }")),
                HasReason("MODEL_INVALID"))
        << dim;
  }
  std::string many;
  for (int i = 0; i <= kMaxLayers; ++i) {
    absl::StrAppend(&many, "layer { name: \"", i, "\" }\n");
  }
  EXPECT_THAT(load(many),
              StatusIs(absl::StatusCode::kInvalidArgument, "limit"));
}

struct RealModel {
  const char* prototxt;
  const char* caffemodel;
};

class RealModelTest : public ::testing::TestWithParam<RealModel> {};

TEST_P(RealModelTest, EveryWeightFindsItsLayer) {
  const char* const folder = std::getenv("QUANTD_TEST_DATA");
  const auto read = [&](const std::string& name) {
    std::ifstream file(absl::StrCat(folder == nullptr ? "../shared" : folder,
                                    "/models/", name),
                       std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
  };
  const std::string prototxt = read(GetParam().prototxt);
  const std::string weights = read(GetParam().caffemodel);
  if (prototxt.empty()) GTEST_SKIP() << "no models in QUANTD_TEST_DATA";
  ASSERT_OK_AND_ASSIGN(const LoadedModel model,
                       LoadModel(prototxt, "p", weights, "m"));
  EXPECT_GT(model.net.layer_size(), 5);
  EXPECT_THAT(model.warnings, IsEmpty());
  for (const caffe::LayerParameter& layer : model.net.layer()) {
    const bool has_weights = layer.type() == "Convolution" ||
                             layer.type() == "InnerProduct" ||
                             layer.type() == "BatchNorm" ||
                             layer.type() == "Scale" || layer.type() == "PReLU";
    EXPECT_EQ(layer.blobs_size() > 0, has_weights) << layer.name();
  }
}

INSTANTIATE_TEST_SUITE_P(
    Models, RealModelTest,
    ::testing::Values(
        RealModel{"lenet_mnist/lenet_deploy.prototxt",
                  "lenet_mnist/lenet_mnist.caffemodel"},
        RealModel{"lenet_mnist/lenet_train_test.prototxt",
                  "lenet_mnist/lenet_mnist.caffemodel"},
        RealModel{"cifar10_quick/cifar10_quick.prototxt",
                  "cifar10_quick/cifar10_quick_iter_5000.caffemodel"},
        RealModel{"cifar_resnet20/test.prototxt",
                  "cifar_resnet20/resnet20.caffemodel"},
        RealModel{"squeezenet_v1.0/deploy.prototxt",
                  "squeezenet_v1.0/squeezenet_v1.0_dc.caffemodel"},
        RealModel{"squeezenet_v1.0/train_val.prototxt",
                  "squeezenet_v1.0/squeezenet_v1.0_dc.caffemodel"},
        RealModel{"mtcnn/det1.prototxt", "mtcnn/det1.caffemodel"},
        RealModel{"mtcnn/det3.prototxt", "mtcnn/det3.caffemodel"}));

}  // namespace
}  // namespace quantd
