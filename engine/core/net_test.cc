#include "engine/core/net.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "base/testing/status_matchers.h"
#include "engine/layers/registry.h"
#include "google/protobuf/text_format.h"

namespace quantd {
namespace {

using ::absl::StatusCode;
using ::quantd::testing::HasReason;
using ::quantd::testing::StatusIs;
using ::testing::ElementsAre;

constexpr char kInput[] =
    "layer { name: 'in' type: 'Input' top: 'x' input_param { shape { dim: 1 "
    "dim: 2 } } } ";

absl::StatusOr<std::unique_ptr<Net>> MakeNet(const std::string& layers,
                                             const Net::Options& options = {}) {
  caffe::NetParameter model;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(
      absl::StrCat("name: 'n' ", kInput, layers), &model))
      << layers;
  return Net::Create(model, options, MakeLayer);
}

void SetInput(Net* net, float a, float b) {
  Tensor* x = net->MutableBlob("x").value();
  x->data()[0] = a;
  x->data()[1] = b;
}

TEST(NetTest, InPlaceChainIsOneBlob) {
  ASSERT_OK_AND_ASSIGN(
      auto net,
      MakeNet("layer { name: 'a' type: 'Bias' bottom: 'x' top: 'x' blobs { "
              "shape { dim: 2 } data: [1, -5] } }"
              "layer { name: 'r' type: 'ReLU' bottom: 'x' top: 'x' }"
              "layer { name: 'b' type: 'Bias' bottom: 'x' top: 'y' blobs { "
              "shape { dim: 2 } data: [10, 20] } }"));
  SetInput(net.get(), 1, 2);
  ASSERT_OK(net->Forward());
  EXPECT_THAT(net->Blob("x").value()->values(), ElementsAre(2, 0));
  EXPECT_THAT(net->Blob("y").value()->values(), ElementsAre(12, 20));
  EXPECT_THAT(net->blob_names(), ElementsAre("x", "y"));
  EXPECT_THAT(net->input_names(), ElementsAre("x"));
  EXPECT_THAT(net->output_names(), ElementsAre("y"));
}

TEST(NetTest, BlockedLayoutsAreInvisible) {
  // conv, relu, pool and concat hand blocked values on; Bias reads plain ones.
  caffe::NetParameter model;
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(
      "layer { name: 'in' type: 'Input' top: 'x' input_param { shape { dim: 2 "
      "dim: 3 dim: 6 dim: 6 } } }"
      "layer { name: 'c' type: 'Convolution' bottom: 'x' top: 'c' "
      "convolution_param { num_output: 20 kernel_size: 3 pad: 1 weight_filler "
      "{ type: 'gaussian' } } }"
      "layer { name: 'r' type: 'ReLU' bottom: 'c' top: 'r' }"
      "layer { name: 'b' type: 'Bias' bottom: 'r' top: 'b' }"
      "layer { name: 'j' type: 'Concat' bottom: 'r' bottom: 'c' top: 'j' }"
      "layer { name: 'e' type: 'Eltwise' bottom: 'r' bottom: 'b' top: 'e' }",
      &model));
  ASSERT_OK_AND_ASSIGN(auto net, Net::Create(model, {}, MakeLayer));
  for (int run = 0; run < 2; ++run) {
    uint32_t state = 7 + run;
    for (float& value : net->MutableBlob("x").value()->values()) {
      state = state * 1664525u + 1013904223u;
      value = static_cast<float>(state >> 16) / 65536 - 0.5f;
    }
    ASSERT_OK(net->Forward());
    const absl::Span<const float> c = net->Blob("c").value()->values();
    const absl::Span<const float> j = net->Blob("j").value()->values();
    const absl::Span<const float> e = net->Blob("e").value()->values();
    const size_t item = c.size() / 2;
    for (size_t i = 0; i < c.size(); ++i) {
      const float relu = c[i] > 0 ? c[i] : 0;
      const size_t in_j = (i / item) * 2 * item + i % item;
      ASSERT_EQ(j[in_j], relu) << i;
      ASSERT_EQ(j[in_j + item], c[i]) << i;
      ASSERT_EQ(e[i], 2 * relu) << i;
    }
  }
}

TEST(NetTest, BatchFollowsTheInput) {
  ASSERT_OK_AND_ASSIGN(
      auto net, MakeNet("layer { name: 'r' type: 'ReLU' bottom: 'x' top: 'y' }"
                        "layer { name: 's' type: 'ReLU' bottom: 'y' top: 'z' "
                        "}"));
  ASSERT_OK(net->MutableBlob("x").value()->Resize({3, 2}));
  ASSERT_OK(net->Forward());
  EXPECT_EQ(net->Blob("z").value()->shape(), Shape({3, 2}));
}

TEST(NetTest, WiringErrorsNameLayerAndBlob) {
  const absl::Status unknown =
      MakeNet("layer { name: 'r' type: 'ReLU' bottom: 'q' top: 'y' }").status();
  EXPECT_THAT(unknown, StatusIs(StatusCode::kInvalidArgument,
                                "layer \"r\" (ReLU): bottom 0, blob \"q\""));
  EXPECT_EQ(GetErrorMetadata(unknown).at("layer"), "r");
  EXPECT_EQ(GetErrorMetadata(unknown).at("blob"), "q");
  EXPECT_THAT(MakeNet("layer { name: 'r' type: 'ReLU' bottom: 'x' top: 'y' }"
                      "layer { name: 's' type: 'ReLU' bottom: 'x' top: 'y' }"),
              HasReason("NET_BLOB_DUPLICATE"));
  EXPECT_THAT(MakeNet("layer { name: 'f' type: 'InnerProduct' bottom: 'x' "
                      "top: 'x' inner_product_param { num_output: 2 } }"),
              HasReason("NET_IN_PLACE_UNSUPPORTED"));
  EXPECT_THAT(MakeNet("layer { name: 'w' type: 'Warp9' bottom: 'x' top: 'y' }"),
              HasReason("NETWORK_UNSUPPORTED"));
}

TEST(NetTest, NamedParamsAreOneBlob) {
  const std::string two =
      "layer { name: 'a' type: 'Bias' bottom: 'x' top: 'y' param { name: 'w' } "
      "blobs { shape { dim: 2 } data: [1, 2] } }"
      "layer { name: 'b' type: 'Bias' bottom: 'y' top: 'z' param { name: 'w' } "
      "}";
  ASSERT_OK_AND_ASSIGN(auto net, MakeNet(two));
  SetInput(net.get(), 0, 0);
  ASSERT_OK(net->Forward());
  EXPECT_THAT(net->Blob("z").value()->values(), ElementsAre(2, 4));
  EXPECT_TRUE(net->layers_without_weights().empty());
  EXPECT_THAT(
      MakeNet("layer { name: 'a' type: 'Bias' bottom: 'x' top: 'y' param { "
              "name: 'w' } }"
              "layer { name: 'b' type: 'Bias' bottom: 'y' top: 'z' param { "
              "name: 'w' } bias_param { num_axes: 0 } }"),
      StatusIs(StatusCode::kInvalidArgument, "shared with layer \"a\""));
  EXPECT_THAT(MakeNet("layer { name: 'r' type: 'ReLU' bottom: 'x' top: 'y' "
                      "param {} }"),
              StatusIs(StatusCode::kInvalidArgument, "param is given 1 times"));
}

TEST(NetTest, WeightsAreCountedAndMissingOnesReported) {
  const std::string bias =
      "layer { name: 'a' type: 'Bias' bottom: 'x' top: "
      "'y' ";
  ASSERT_OK_AND_ASSIGN(auto net, MakeNet(bias + "}"));
  EXPECT_THAT(net->layers_without_weights(), ElementsAre("a"));
  const std::string blob = "blobs { shape { dim: 2 } data: [1, 2] }";
  EXPECT_THAT(MakeNet(bias + blob + blob + "}"),
              HasReason("MODEL_WEIGHTS_MISMATCH"));
}

// Has the blobs that the model carries.
class AnyBlobsLayer : public Layer {
 public:
  using Layer::Layer;
  absl::Status SetUp(absl::Span<const Shape> bottoms, int num_tops) override {
    for (const Shape& shape : expected_blobs()) {
      RETURN_IF_ERROR(AddBlob(shape.dims()));
    }
    return absl::OkStatus();
  }
  absl::Status Reshape(absl::Span<const Shape> bottoms,
                       std::vector<Shape>* tops) override {
    return absl::OkStatus();
  }
  absl::Status Forward(Bottoms bottoms, Tops tops) override {
    return absl::OkStatus();
  }
};

TEST(NetTest, LayersLearnWhatTheModelCarries) {
  const LayerFactory factory =
      [](const caffe::LayerParameter& param,
         caffe::Phase phase) -> absl::StatusOr<std::unique_ptr<Layer>> {
    return std::make_unique<AnyBlobsLayer>(param, phase);
  };
  caffe::NetParameter model;
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(
      "layer { name: 'a' } "
      "layer { name: 'b' blobs { shape { dim: 2 dim: 1 } data: [1, 2] } "
      "blobs { num: 1 channels: 1 height: 1 width: 1 data: 3 } }",
      &model));
  ASSERT_OK_AND_ASSIGN(const auto net, Net::Create(model, {}, factory));
  EXPECT_TRUE(net->layer(0).blobs().empty());
  const std::vector<Tensor>& blobs = net->layer(1).blobs();
  ASSERT_EQ(blobs.size(), 2);
  EXPECT_EQ(blobs[0].shape(), Shape({2, 1}));
  EXPECT_THAT(blobs[0].values(), ElementsAre(1, 2));
  EXPECT_EQ(blobs[1].shape(), Shape({1, 1, 1, 1}));
  model.mutable_layer(1)->mutable_blobs(0)->mutable_shape()->set_dim(0, -2);
  EXPECT_THAT(Net::Create(model, {}, factory),
              StatusIs(StatusCode::kInvalidArgument, "blob 0: "));
}

TEST(NetTest, OnlySharedBlobsMayBeLeftOut) {
  const std::string owner =
      "layer { name: 'a' type: 'InnerProduct' bottom: 'x' top: 'y' "
      "param { name: 'w' } inner_product_param { num_output: 2 } "
      "blobs { shape { dim: 2 dim: 2 } data: [1, 0, 0, 1] } "
      "blobs { shape { dim: 2 } data: [0, 0] } }";
  const std::string sharing =
      "layer { name: 'b' type: 'InnerProduct' bottom: 'y' top: 'z' "
      "param { name: 'w' } inner_product_param { num_output: 2 } ";
  ASSERT_OK_AND_ASSIGN(
      auto net, MakeNet(owner + sharing +
                        "blobs {} blobs { shape { dim: 2 } data: [5, 6] } }"));
  SetInput(net.get(), 1, 2);
  ASSERT_OK(net->Forward());
  EXPECT_THAT(net->Blob("z").value()->values(), ElementsAre(6, 8));
  const absl::Status own_left_out =
      MakeNet(owner + sharing + "blobs {} blobs {} }").status();
  EXPECT_THAT(own_left_out, HasReason("MODEL_WEIGHTS_MISMATCH"));
  EXPECT_EQ(GetErrorMetadata(own_left_out).at("blob"), "1");
  EXPECT_THAT(MakeNet(owner + sharing + "blobs {} }"),
              HasReason("MODEL_WEIGHTS_MISMATCH"));
}

TEST(NetTest, LossIsWeighted) {
  ASSERT_OK_AND_ASSIGN(auto net,
                       MakeNet("layer { name: 'r' type: 'ReLU' bottom: 'x' "
                               "top: 'y' loss_weight: 0.5 }"));
  SetInput(net.get(), 3, 5);
  ASSERT_OK(net->Forward());
  EXPECT_EQ(net->loss(), 4);
  EXPECT_THAT(MakeNet("layer { name: 'r' type: 'ReLU' bottom: 'x' top: 'y' "
                      "loss_weight: 1 loss_weight: 1 }"),
              StatusIs(StatusCode::kInvalidArgument, "loss_weight"));
}

TEST(NetTest, MemoryHasALimit) {
  Net::Options options;
  options.max_bytes = 16;
  const std::string relu =
      "layer { name: 'r' type: 'ReLU' bottom: 'x' top: 'y' }";
  ASSERT_OK_AND_ASSIGN(auto net, MakeNet(relu, options));
  ASSERT_OK(net->MutableBlob("x").value()->Resize({2, 2}));
  EXPECT_THAT(net->Forward(), HasReason("MEMORY_ESTIMATE_EXCEEDED"));
  options.max_bytes = 15;
  EXPECT_THAT(MakeNet(relu, options), HasReason("MEMORY_ESTIMATE_EXCEEDED"));
}

TEST(NetTest, AfterLayerSeesEachLayerAndMayStop) {
  ASSERT_OK_AND_ASSIGN(
      auto net, MakeNet("layer { name: 'r' type: 'ReLU' bottom: 'x' top: 'y' }"
                        "layer { name: 's' type: 'ReLU' bottom: 'y' top: 'z' "
                        "}"));
  std::vector<int> seen;
  EXPECT_THAT(net->Forward([&](int index) {
    seen.push_back(index);
    return index == 1 ? absl::CancelledError("stop") : absl::OkStatus();
  }),
              StatusIs(StatusCode::kCancelled, "stop"));
  EXPECT_THAT(seen, ElementsAre(0, 1));
}

TEST(NetTest, UnknownNamesListWhatThereIs) {
  ASSERT_OK_AND_ASSIGN(auto net, MakeNet(""));
  EXPECT_THAT(net->Blob("q"), StatusIs(StatusCode::kNotFound, "it has x"));
  EXPECT_EQ(net->LayerIndex("in").value(), 0);
  EXPECT_THAT(net->LayerIndex("q"), HasReason("LAYER_NOT_FOUND"));
}

}  // namespace
}  // namespace quantd
