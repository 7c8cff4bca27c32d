#include "engine/layers/testing/function_check.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "base/testing/status_matchers.h"
#include "engine/layers/registry.h"
#include "engine/layers/testing/layer_test_util.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace quantd::testing {
namespace {

// Values of which both the function and its gradient are checked, and that are
// near no kink or jump.
const std::vector<float> kAnywhere = {-2.25f, -0.75f, 0.25f, 1.6f};

TEST(UnaryFunctionsTest, AbsVal) {
  ExpectFunction("type: 'AbsVal'", {-2, 0, 3}, {2, 0, 3});
  ExpectFunctionGradient("type: 'AbsVal'", kAnywhere);
}

TEST(UnaryFunctionsTest, Atan) {
  ExpectFunction("type: 'Atan'", {-1, 0, 1e20f}, {-0.7853982f, 0, 1.5707963f});
  ExpectFunctionGradient("type: 'Atan'", kAnywhere);
}

TEST(UnaryFunctionsTest, BnllAndSoftplusAreTheSameWithoutOverflow) {
  for (const char* type : {"type: 'BNLL'", "type: 'Softplus'"}) {
    ExpectFunction(type, {0, 1, -1, 200, -200},
                   {0.6931472f, 1.3132617f, 0.3132617f, 200, 0});
    ExpectFunctionGradient(type, kAnywhere);
  }
}

TEST(UnaryFunctionsTest, StepsHaveNoSlope) {
  ExpectFunction("type: 'Ceil'", {-1.5f, 0.25f, 2}, {-1, 1, 2});
  ExpectFunction("type: 'Floor'", {-1.5f, 0.25f, 2}, {-2, 0, 2});
  ExpectFunction("type: 'Sign'", {-1.5f, 0, 2}, {-1, 0, 1});
  ExpectFunction("type: 'Round'", {-1.5f, 0.5f, 0.75f, 2.5f}, {-2, 0, 1, 2});
  for (const char* type : {"Ceil", "Floor", "Sign", "Round"}) {
    ExpectFunctionGradient(absl::StrCat("type: '", type, "'"), kAnywhere);
  }
}

TEST(UnaryFunctionsTest, SinAndCos) {
  ExpectFunction("type: 'Sin'", {0, 1.5707963f, 1}, {0, 1, 0.8414710f});
  ExpectFunction("type: 'Cos'", {0, 1.5707963f, 1}, {1, 0, 0.5403023f});
  ExpectFunctionGradient("type: 'Sin'", kAnywhere);
  ExpectFunctionGradient("type: 'Cos'", kAnywhere);
}

TEST(UnaryFunctionsTest, Erf) {
  ExpectFunction("type: 'Erf'", {0, 0.5f, -1}, {0, 0.5204999f, -0.8427008f});
  ExpectFunctionGradient("type: 'Erf'", kAnywhere);
}

TEST(UnaryFunctionsTest, HardTanh) {
  ExpectFunction("type: 'HardTanH'", {-2, -1, 0.5f, 1, 3},
                 {-1, -1, 0.5f, 1, 1});
  ExpectFunctionGradient("type: 'HardTanH'", kAnywhere);
}

TEST(UnaryFunctionsTest, Mish) {
  // tanh(ln(1 + e)) = 0.8650984.
  ExpectFunction("type: 'Mish'", {0, 1, -1, 100},
                 {0, 0.8650984f, -0.3034015f, 100});
  ExpectFunctionGradient("type: 'Mish'", kAnywhere);
}

TEST(UnaryFunctionsTest, Softsign) {
  ExpectFunction("type: 'Softsign'", {-1, 0, 3}, {-0.5f, 0, 0.75f});
  ExpectFunctionGradient("type: 'Softsign'", kAnywhere);
}

TEST(UnaryFunctionsTest, Sqrt) {
  ExpectFunction("type: 'Sqrt'", {0, 2.25f, 4}, {0, 1.5f, 2});
  ExpectFunctionGradient("type: 'Sqrt'", {0.5f, 2.25f, 4});
}

TEST(UnaryFunctionsTest, NanPassesAll) {
  for (const char* type :
       {"AbsVal", "Atan", "BNLL", "Ceil", "Cos", "Erf", "Floor", "HardTanH",
        "Mish", "Round", "Sign", "Sin", "Softplus", "Softsign", "Sqrt"}) {
    ExpectNanPasses(absl::StrCat("type: '", type, "'"));
  }
}

TEST(UnaryFunctionsTest, OneBottomOneTop) {
  LayerTester sin("type: 'Sin' bottom: 'x' bottom: 'z' top: 'y'");
  sin.Input("x", {1}).Input("z", {1});
  EXPECT_THAT(sin.Forward(), HasReason("LAYER_ARITY_INVALID"));
}

// Where f(0) is not 0, a kernel's layout, which pads, cannot be kept.
TEST(UnaryFunctionsTest, AfterAConvolutionWithALayoutOfItsOwn) {
  caffe::NetParameter model;
  const std::string kConvolution =
      "layer { name: 'in' type: 'Input' top: 'x' input_param { shape { dim: 1 "
      "dim: 3 dim: 9 dim: 9 } } } "
      "layer { name: 'conv' type: 'Convolution' bottom: 'x' top: 'c' "
      "convolution_param { num_output: 5 kernel_size: 3 bias_term: false "
      "weight_filler { type: 'xavier' } } } ";
  ASSERT_TRUE(google::protobuf::TextFormat::MergeFromString(
      kConvolution + "layer { name: 'sin' type: 'Sin' bottom: 'c' top: 's' } "
                     "layer { name: 'cos' type: 'Cos' bottom: 's' top: 'y' } ",
      &model));
  ASSERT_OK_AND_ASSIGN(const auto net, Net::Create(model, {}, MakeLayer));
  ASSERT_OK_AND_ASSIGN(Tensor* const x, net->MutableBlob("x"));
  const std::vector<float> noise = Noise(3 * 9 * 9);
  std::copy(noise.begin(), noise.end(), x->data());
  ASSERT_OK(net->Forward());
  ASSERT_OK_AND_ASSIGN(const Tensor* const c, net->Blob("c"));
  ASSERT_OK_AND_ASSIGN(const Tensor* const y, net->Blob("y"));
  ASSERT_EQ(y->num_elements(), 5 * 7 * 7);
  for (int i = 0; i < 5 * 7 * 7; ++i) {
    EXPECT_FLOAT_EQ(y->values()[i], std::cos(std::sin(c->values()[i])));
  }
}

}  // namespace
}  // namespace quantd::testing
