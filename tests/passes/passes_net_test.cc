// The passes keep what a real net computes.
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/testing/status_matchers.h"
#include "engine/core/net.h"
#include "engine/graph/fuse_batch_norm.h"
#include "engine/graph/uninplace.h"
#include "engine/layers/registry.h"
#include "engine/model/caffemodel.h"
#include "engine/model/load_model.h"
#include "engine/model/prototxt.h"

namespace quantd {
namespace {

struct Case {
  const char* prototxt;    // Under the data folder if `external`,
  const char* caffemodel;  // otherwise under tests/data.
  bool external;
  int num_fused;  // Layers that BatchNorm fusion removes.
};

class PassesNetTest : public ::testing::TestWithParam<Case> {
 protected:
  std::string Read(const char* name) const {
    const char* const data = std::getenv("QUANTD_TEST_DATA");
    const std::string folder = !GetParam().external ? "tests/data"
                               : data == nullptr    ? "../shared"
                                                    : data;
    std::ifstream file(absl::StrCat(folder, "/", name), std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
  }
};

// Deterministic values in [0, 255].
void Fill(Tensor* input) {
  uint32_t state = 1;
  for (float& value : input->values()) {
    state = state * 1664525u + 1013904223u;
    value = static_cast<float>(state >> 24);
  }
}

std::vector<float> Output(const caffe::NetParameter& model) {
  auto net = Net::Create(model, {}, MakeLayer);
  EXPECT_OK(net);
  if (!net.ok()) return {};
  EXPECT_THAT((*net)->layers_without_weights(), ::testing::IsEmpty());
  for (const std::string& name : (*net)->input_names()) {
    auto input = (*net)->MutableBlob(name);
    EXPECT_OK(input);
    Fill(*input);
  }
  EXPECT_OK((*net)->Forward());
  EXPECT_EQ((*net)->output_names().size(), 1u);
  const auto blob = (*net)->Blob((*net)->output_names()[0]);
  EXPECT_OK(blob);
  return {(*blob)->values().begin(), (*blob)->values().end()};
}

double MaxDifference(const std::vector<float>& a, const std::vector<float>& b) {
  EXPECT_EQ(a.size(), b.size());
  double largest = 0;
  for (size_t i = 0; i < a.size() && i < b.size(); ++i) {
    largest = std::max(largest, std::fabs(double{a[i]} - b[i]));
  }
  return largest;
}

TEST_P(PassesNetTest, OutputsStay) {
  const std::string prototxt = Read(GetParam().prototxt);
  if (prototxt.empty() && GetParam().external) {
    GTEST_SKIP() << "no models in QUANTD_TEST_DATA";
  }
  ASSERT_OK_AND_ASSIGN(
      const LoadedModel model,
      LoadModel(prototxt, GetParam().prototxt, Read(GetParam().caffemodel),
                GetParam().caffemodel));
  const std::vector<float> expected = Output(model.net);
  ASSERT_FALSE(expected.empty());

  ASSERT_OK_AND_ASSIGN(const caffe::NetParameter apart, Uninplace(model.net));
  EXPECT_EQ(MaxDifference(Output(apart), expected), 0);

  ASSERT_OK_AND_ASSIGN(const FusedNet fused, FuseBatchNorm(apart));
  EXPECT_EQ(apart.layer_size() - fused.net.layer_size(), GetParam().num_fused);
  EXPECT_LT(MaxDifference(Output(fused.net), expected), 1e-4);

  // Fusing first gives the same blobs.
  ASSERT_OK_AND_ASSIGN(const FusedNet in_place, FuseBatchNorm(model.net));
  ASSERT_EQ(in_place.net.layer_size(), fused.net.layer_size());
  for (int i = 0; i < fused.net.layer_size(); ++i) {
    for (int j = 0; j < fused.net.layer(i).blobs_size(); ++j) {
      EXPECT_EQ(in_place.net.layer(i).blobs(j).SerializeAsString(),
                fused.net.layer(i).blobs(j).SerializeAsString());
    }
  }

  // What is written reads back to the same net.
  caffe::NetParameter topology = fused.net;
  for (caffe::LayerParameter& layer : *topology.mutable_layer()) {
    layer.clear_blobs();
  }
  ASSERT_OK_AND_ASSIGN(const std::string bytes, SerializeCaffemodel(fused.net));
  ASSERT_OK_AND_ASSIGN(const LoadedModel again,
                       LoadModel(PrintPrototxt(topology), "p", bytes, "m"));
  EXPECT_THAT(again.warnings, ::testing::IsEmpty());
  EXPECT_EQ(again.net.SerializeAsString(), fused.net.SerializeAsString());
}

INSTANTIATE_TEST_SUITE_P(
    Models, PassesNetTest,
    ::testing::Values(
        Case{"digits/digitnet_deploy.prototxt", "digits/digitnet.caffemodel",
             false, 12},
        Case{"digits/lenet_deploy.prototxt", "digits/lenet.caffemodel", false,
             0},
        Case{"models/cifar_resnet20/deploy.prototxt",
             "models/cifar_resnet20/resnet20.caffemodel", true, 42},
        Case{"models/squeezenet_v1.0/deploy.prototxt",
             "models/squeezenet_v1.0/squeezenet_v1.0_dc.caffemodel", true, 0}));

}  // namespace
}  // namespace quantd
