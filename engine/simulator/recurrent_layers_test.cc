// Recurrent layers of fake-quant nets beside the deploy nets of the same
// integers: equal bit for bit.
#include "engine/simulator/recurrent_layers.h"

#include <random>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/testing/status_matchers.h"
#include "engine/integer/deploy_net.h"
#include "engine/layers/recurrent_layer.h"
#include "engine/simulator/simulator.h"
#include "google/protobuf/text_format.h"

namespace quantd::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr int kSteps = 5;
constexpr int kSequences = 3;
constexpr int kInputs = 7;
constexpr int kStatic = 4;
constexpr int kDim = 6;

struct Kind {
  std::string type;
  bool has_static = false;
  bool exposed = false;
  int num_bits = 8;
};

std::string NameOf(const ::testing::TestParamInfo<Kind>& info) {
  const Kind& kind = info.param;
  return absl::StrCat(kind.type, kind.has_static ? "Static" : "",
                      kind.exposed ? "Exposed" : "", kind.num_bits);
}

class RecurrentLayersTest : public ::testing::TestWithParam<Kind> {
 protected:
  RecurrentLayersTest() {
    const int bits = GetParam().num_bits;
    const float finer = bits > 8 ? 256 : 1;
    x_ = {ScaleOfInverse(23.7f * finer), -31, bits};
    static_ = {ScaleOfInverse(50.9f * finer), 5, bits};
    AddLayer();
    AddBlobs();
  }

  static std::string QuantText(const std::string& blob,
                               const FakeQuantParams& params) {
    return absl::StrCat(
        "layer { name: '", blob, "_quant' type: 'Quant' ", "bottom: '", blob,
        "' top: '", blob, "_q' quant_param { scale: ", 1 / params.scale,
        " offset: ", params.offset, " num_bits_d: ", params.num_bits, " } } ");
  }

  // Both nets without blobs; the layer is the last.
  void AddLayer() {
    const Kind& kind = GetParam();
    const bool lstm = kind.type == "LSTM";
    std::string input = absl::StrCat(
        "layer { name: 'in' type: 'Input' top: 'x' top: 'cont' top: 's' top: "
        "'h' top: 'c' input_param { shape { dim: ",
        kSteps, " dim: ", kSequences, " dim: ", kInputs,
        " } shape { dim: ", kSteps, " dim: ", kSequences,
        " } shape { dim: ", kSequences, " dim: ", kStatic, " } ");
    for (int i = 0; i < 2; ++i) {
      absl::StrAppend(&input, "shape { dim: 1 dim: ", kSequences,
                      " dim: ", kDim, " } ");
    }
    absl::StrAppend(&input, "} } ");
    const auto layer = [&](const std::string& suffix) {
      return absl::StrCat(
          "layer { name: 'l' type: '", kind.type, "' bottom: 'x", suffix,
          "' bottom: 'cont' ",
          kind.has_static ? absl::StrCat("bottom: 's", suffix, "' ") : "",
          kind.exposed ? "bottom: 'h' " : "",
          kind.exposed && lstm ? "bottom: 'c' " : "", "top: 'y' ",
          kind.exposed ? "top: 'h1' " : "",
          kind.exposed && lstm ? "top: 'c1' " : "",
          "recurrent_param { num_output: ", kDim,
          kind.exposed ? " expose_hidden: true" : "", " } }");
    };
    const auto parse = [](const std::string& text, caffe::NetParameter* net) {
      EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, net))
          << text;
    };
    parse(input + layer(""), &deploy_);
    parse(input + QuantText("x", x_) + QuantText("s", static_) + layer("_q"),
          &fake_);
    for (const auto& quant : fake_.layer()) {
      if (quant.name() == "x_quant") {
        x_.scale = ScaleOfInverse(quant.quant_param().scale());
      } else if (quant.name() == "s_quant") {
        static_.scale = ScaleOfInverse(quant.quant_param().scale());
      }
    }
  }

  void AddBlobs() {
    const Kind& kind = GetParam();
    const int gates = kind.type == "LSTM" ? 4 : kind.type == "GRU" ? 3 : 1;
    AddWeights({gates * kDim, kInputs});
    AddBias(gates * kDim);
    if (kind.has_static) AddWeights({gates * kDim, kStatic});
    AddWeights({gates * kDim, kDim});
    if (kind.type != "RNN") return;
    AddWeights({kDim, kDim});
    AddBias(kDim);
  }

  caffe::LayerParameter* Deploy() {
    return deploy_.mutable_layer(deploy_.layer_size() - 1);
  }
  caffe::LayerParameter* Fake() {
    return fake_.mutable_layer(fake_.layer_size() - 1);
  }

  void AddWeights(const std::vector<int64_t>& dims) {
    const float scale =
        ScaleOfInverse(300 + 0.001f * static_cast<float>(Draw(0, 1 << 20)));
    scale_w_.push_back(scale);
    caffe::BlobProto* codes = Deploy()->add_blobs();
    caffe::BlobProto* values = Fake()->add_blobs();
    for (const int64_t dim : dims) {
      codes->mutable_shape()->add_dim(dim);
      values->mutable_shape()->add_dim(dim);
    }
    for (int64_t i = 0; i < dims[0] * dims[1]; ++i) {
      const int code = i == 0 ? 127 : Draw(-127, 127);
      codes->mutable_int8_data()->push_back(static_cast<char>(code));
      values->add_data(static_cast<float>(code) * scale);
    }
  }

  void AddBias(int size) {
    caffe::BlobProto* codes = Deploy()->add_blobs();
    caffe::BlobProto* values = Fake()->add_blobs();
    codes->mutable_shape()->add_dim(size);
    values->mutable_shape()->add_dim(size);
    for (int i = 0; i < size; ++i) {
      const int code = Draw(-3000, 3000);
      codes->add_int32_data(code);
      values->add_data(static_cast<float>(code) * (scale_w_[0] * x_.scale));
    }
  }

  int Draw(int low, int high) {
    return std::uniform_int_distribution<int>(low, high)(random_);
  }

  DeployFactors Factors() const {
    DeployFactors factors = {{}, scale_w_, ""};
    factors.inputs.resize(Deploy_bottoms());
    factors.inputs[0] = x_;
    if (GetParam().has_static) factors.inputs[2] = static_;
    return factors;
  }
  int Deploy_bottoms() const {
    return deploy_.layer(deploy_.layer_size() - 1).bottom_size();
  }

  // The same random inputs for both.
  void SetInputs(Net* a, Net* b) {
    for (const char* name : {"x", "cont", "s", "h", "c"}) {
      Tensor* values = a->MutableBlob(name).value();
      for (float& value : values->values()) {
        value = name == std::string("cont")
                    ? static_cast<float>(Draw(0, 4) > 0)
                    : static_cast<float>(Draw(-3000, 3000)) * 0.001f;
      }
      std::copy(values->data(), values->data() + values->num_elements(),
                b->MutableBlob(name).value()->data());
    }
  }

  static std::vector<float> ValuesOf(const Net& net, const std::string& blob) {
    const auto values = net.Blob(blob).value()->values();
    return {values.begin(), values.end()};
  }

  FakeQuantParams x_;
  FakeQuantParams static_;
  caffe::NetParameter deploy_;
  caffe::NetParameter fake_;
  std::vector<float> scale_w_;
  std::mt19937 random_{1};
};

TEST_P(RecurrentLayersTest, EqualTheIntegers) {
  for (const bool known : {false, true}) {
    Net::Options options;
    options.inference = true;
    KnownScales scales;
    if (known) scales["l"] = scale_w_;
    std::vector<std::string> float_sums;
    ASSERT_OK_AND_ASSIGN(const auto net,
                         CreateSimulator(fake_, options, scales, &float_sums));
    ASSERT_OK_AND_ASSIGN(const auto integers,
                         DeployNet::Create(deploy_, {{}, Factors()}, options));
    EXPECT_THAT(float_sums, IsEmpty());
    auto* layer = dynamic_cast<RecurrentLayer*>(
        &net->mutable_layer(net->num_layers() - 1));
    ASSERT_NE(layer, nullptr);
    auto* products = dynamic_cast<WholeRecurrentProducts*>(layer->products());
    ASSERT_NE(products, nullptr);
    products->KeepResults();
    for (int pass = 0; pass < 2; ++pass) {
      SetInputs(net.get(), &integers->net());
      ASSERT_OK(net->Forward());
      ASSERT_OK(integers->net().Forward());
      EXPECT_EQ(ValuesOf(*net, "y"), ValuesOf(integers->net(), "y"));
      if (GetParam().exposed) {
        EXPECT_EQ(ValuesOf(*net, "h1"), ValuesOf(integers->net(), "h1"));
      }
      EXPECT_EQ(products->states(),
                integers->inputs().back().quantized->codes());
      const auto& exact = *integers->recurrent_layers()[0].products;
      ASSERT_EQ(products->results().size(), exact.sums().size());
      exact.ForEachStretch([&](int64_t first, int64_t count, int channel) {
        const auto step = static_cast<float>(exact.StepOf(channel));
        for (int64_t i = first; i < first + count; ++i) {
          ASSERT_EQ(products->results()[i],
                    static_cast<float>(exact.sums()[i]) * step);
        }
      });
    }
  }
}

TEST_P(RecurrentLayersTest, SharedParametersStayFloat) {
  for (int i = 0; i < 2; ++i) Fake()->add_param()->set_name("w");
  ASSERT_OK_AND_ASSIGN(const auto whole, TakeWholeRecurrent({}, &fake_));
  EXPECT_TRUE(whole.products.empty());
  EXPECT_THAT(whole.float_sums, ElementsAre("l"));
  EXPECT_GT(Fake()->blobs_size(), 0);
}

TEST_P(RecurrentLayersTest, FloatInputsAreNotTaken) {
  Fake()->set_bottom(0, "x");
  ASSERT_OK_AND_ASSIGN(const auto whole, TakeWholeRecurrent({}, &fake_));
  EXPECT_TRUE(whole.products.empty());
  EXPECT_THAT(whole.float_sums, IsEmpty());
}

TEST_P(RecurrentLayersTest, FloatWeightsAreNamedAndStatesStillRounded) {
  Fake()->mutable_blobs(0)->set_data(1, 0.1234567f);
  ASSERT_OK_AND_ASSIGN(const auto whole, TakeWholeRecurrent({}, &fake_));
  EXPECT_EQ(whole.products.count("l"), 1u);
  EXPECT_THAT(whole.float_sums, ElementsAre("l"));
}

TEST_P(RecurrentLayersTest, BlobsOfOtherShapesAreErrors) {
  Fake()->mutable_blobs(0)->mutable_shape()->set_dim(1, 1);
  Fake()->mutable_blobs(0)->mutable_shape()->set_dim(
      0, Fake()->blobs(0).data_size());
  EXPECT_THAT(CreateSimulator(fake_, {}).status(),
              HasReason("MODEL_WEIGHTS_MISMATCH"));
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, RecurrentLayersTest,
    ::testing::Values(Kind{"LSTM"}, Kind{"RNN"}, Kind{"GRU"},
                      Kind{"LSTM", true}, Kind{"RNN", true, true},
                      Kind{"GRU", true}, Kind{"LSTM", true, true},
                      Kind{"GRU", false, true}, Kind{"LSTM", true, false, 16},
                      Kind{"RNN", true, true, 16},
                      Kind{"GRU", true, false, 16}),
    NameOf);

}  // namespace
}  // namespace quantd::testing
