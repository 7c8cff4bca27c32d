// The optimisations for inference keep what published architectures compute.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/testing/status_matchers.h"
#include "engine/core/net.h"
#include "engine/graph/optimize_for_inference.h"
#include "engine/layers/registry.h"
#include "tests/bench/nets/random_weights.h"
#include "tests/bench/nets/zoo.h"

namespace quantd::testing {
namespace {

class InferenceNetTest : public ::testing::TestWithParam<std::string> {};

void RunOnNoise(Net* net) {
  Tensor* input = net->MutableBlob("data").value();
  uint32_t state = 1;
  for (float& value : input->values()) {
    state = state * 1664525u + 1013904223u;
    value = static_cast<float>(state >> 24) / 128 - 1;
  }
  ASSERT_OK(net->Forward());
}

// The largest difference of two tensors, relative to the largest value.
double Difference(const Tensor& a, const Tensor& b) {
  double largest = 0, difference = 0;
  for (int64_t i = 0; i < a.num_elements(); ++i) {
    largest = std::max(largest, std::abs(double{a.data()[i]}));
    difference =
        std::max(difference, std::abs(double{a.data()[i]} - b.data()[i]));
  }
  return difference / largest;
}

TEST_P(InferenceNetTest, OutputsStay) {
  ASSERT_OK_AND_ASSIGN(caffe::NetParameter model, ZooNet(GetParam(), 1));
  ASSERT_OK_AND_ASSIGN(model, WithRandomWeights(model));
  ASSERT_OK_AND_ASSIGN(auto plain, Net::Create(model, {}, MakeLayer));
  Net::Options options;
  options.inference = true;
  ASSERT_OK_AND_ASSIGN(const auto optimized, OptimizeForInference(model, {}));
  ASSERT_OK_AND_ASSIGN(auto net, Net::Create(optimized, options, MakeLayer));
  EXPECT_LT(net->num_layers(), plain->num_layers());
  EXPECT_EQ(net->output_names(), plain->output_names());
  RunOnNoise(plain.get());
  RunOnNoise(net.get());
  for (const std::string& name : net->output_names()) {
    EXPECT_LT(Difference(*plain->Blob(name).value(), *net->Blob(name).value()),
              1e-4);
  }
}

// One of each kind of block; the others differ in sizes.
INSTANTIATE_TEST_SUITE_P(Zoo, InferenceNetTest,
                         ::testing::Values("squeezenet_v1.1", "mobilenet_v2",
                                           "resnet18", "resnet50",
                                           "mobilenet_ssd", "tiny_yolo_v2"),
                         [](const auto& info) {
                           std::string name = info.param;
                           std::replace(name.begin(), name.end(), '.', '_');
                           return name;
                         });

}  // namespace
}  // namespace quantd::testing
