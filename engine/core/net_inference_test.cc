// Net::Options::inference: what is fused, what is kept, what memory is taken.
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/testing/status_matchers.h"
#include "engine/core/net.h"
#include "engine/layers/registry.h"
#include "google/protobuf/text_format.h"

namespace quantd {
namespace {

using ::quantd::testing::HasReason;
using ::testing::ElementsAre;
using ::testing::FloatNear;
using ::testing::Pointwise;

constexpr char kInput[] =
    "layer { name: 'in' type: 'Input' top: 'x' input_param { shape { dim: 1 "
    "dim: 3 dim: 5 dim: 5 } } } ";

// A 3x3 convolution with seeded weights.
std::string Conv(const std::string& name, const std::string& bottom,
                 int outputs) {
  return absl::StrCat("layer { name: '", name,
                      "' type: 'Convolution' bottom: '", bottom, "' top: '",
                      name, "' convolution_param { num_output: ", outputs,
                      " kernel_size: 3 pad: 1 weight_filler { type: 'gaussian' "
                      "std: 0.5 } bias_filler { type: 'constant' value: 0.1 } "
                      "} } ");
}

std::string Relu(const std::string& bottom, const std::string& top,
                 float slope = 0) {
  return absl::StrCat("layer { name: '", top, "_relu' type: 'ReLU' bottom: '",
                      bottom, "' top: '", top,
                      "' relu_param { negative_slope: ", slope, " } } ");
}

std::string Sum(const std::string& a, const std::string& b,
                const std::string& top, const std::string& coeffs = "") {
  return absl::StrCat("layer { name: '", top, "' type: 'Eltwise' bottom: '", a,
                      "' bottom: '", b, "' top: '", top, "' eltwise_param { ",
                      coeffs, " } } ");
}

// A factor for each of `channels`.
std::string Scale(const std::string& bottom, const std::string& top,
                  int channels, const std::string& params = "") {
  std::string factors;
  for (int c = 0; c < channels; ++c) {
    absl::StrAppend(&factors, " data: ", 0.5 + c);
  }
  return absl::StrCat("layer { name: '", top, "_scale' type: 'Scale' bottom: '",
                      bottom, "' top: '", top, "' scale_param { ", params,
                      " } blobs { shape { dim: ", channels, " }", factors,
                      " } } ");
}

absl::StatusOr<std::unique_ptr<Net>> MakeNet(const std::string& layers,
                                             const Net::Options& options) {
  caffe::NetParameter model;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(
      absl::StrCat(kInput, layers), &model));
  return Net::Create(model, options, MakeLayer);
}

std::unique_ptr<Net> Inference(const std::string& layers,
                               const std::set<std::string>& keep = {}) {
  Net::Options options;
  options.inference = true;
  options.keep_blobs = keep;
  auto net = MakeNet(layers, options);
  EXPECT_OK(net);
  return std::move(*net);
}

std::vector<std::string> LayersOf(const Net& net) {
  std::vector<std::string> names;
  for (int i = 0; i < net.num_layers(); ++i) {
    names.push_back(net.layer(i).name());
  }
  return names;
}

std::vector<float> Values(const Tensor& blob) {
  return {blob.values().begin(), blob.values().end()};
}

// Writes values in [-1, 1).
void FillInput(Tensor* x) {
  uint32_t state = 7;
  for (float& value : x->values()) {
    state = state * 1664525u + 1013904223u;
    value = static_cast<float>(state >> 8) / (1 << 23) - 1;
  }
}

// The values of `blob` for a batch of `batch` seeded images.
std::vector<float> Compute(Net* net, const std::string& blob,
                           int64_t batch = 1) {
  Tensor* x = net->MutableBlob("x").value();
  EXPECT_OK(x->Resize({batch, 3, 5, 5}));
  FillInput(x);
  EXPECT_OK(net->Forward());
  return Values(*net->Blob(blob).value());
}

// Expects that inference computes `blob` as a plain net, with these layers.
void ExpectSame(const std::string& layers, const std::string& blob,
                const std::vector<std::string>& left,
                const std::set<std::string>& keep = {}) {
  auto plain = MakeNet(layers, {});
  ASSERT_OK(plain);
  const auto net = Inference(layers, keep);
  EXPECT_EQ(LayersOf(*net), left);
  for (const int64_t batch : {1, 3, 1, 2}) {
    EXPECT_THAT(
        Compute(net.get(), blob, batch),
        Pointwise(FloatNear(1e-4f), Compute(plain->get(), blob, batch)));
  }
}

TEST(NetInferenceTest, ConvolutionTakesOverRelu) {
  ExpectSame(Conv("c", "x", 4) + Relu("c", "c"), "c", {"in", "c"});
  ExpectSame(Conv("c", "x", 4) + Relu("c", "y", 0.25f), "y", {"in", "c"});
}

TEST(NetInferenceTest, InnerProductTakesOverRelu) {
  const std::string fc =
      "layer { name: 'f' type: 'InnerProduct' bottom: 'x' top: 'f' "
      "inner_product_param { num_output: 7 weight_filler { type: 'gaussian' "
      "std: 1 } } } ";
  ExpectSame(fc + Relu("f", "f"), "f", {"in", "f"});
}

TEST(NetInferenceTest, ConvolutionTakesOverSumAndReluBehindIt) {
  // b is the later branch: it adds a's values, in a's memory.
  const std::string net = Conv("a", "x", 20) + Conv("b", "x", 20) +
                          Sum("a", "b", "s") + Relu("s", "s");
  ExpectSame(net, "s", {"in", "a", "b"});
  // With a coefficient for the other bottom.
  ExpectSame(Conv("a", "x", 20) + Conv("b", "x", 20) +
                 Sum("b", "a", "s", "coeff: 1 coeff: -0.5"),
             "s", {"in", "a", "b"});
}

TEST(NetInferenceTest, ScaleOfChannelsIsTakenOver) {
  ExpectSame(Conv("c", "x", 20) + Scale("c", "s", 20) + Relu("s", "s"), "s",
             {"in", "c"});
  ExpectSame(Conv("c", "x", 3) + Scale("c", "c", 3, "axis: -3"), "c",
             {"in", "c"});
  const std::string fc =
      "layer { name: 'f' type: 'InnerProduct' bottom: 'x' top: 'f' "
      "inner_product_param { num_output: 7 weight_filler { type: 'gaussian' "
      "std: 1 } } } ";
  ExpectSame(fc + Scale("f", "s", 7) + Relu("s", "y"), "y", {"in", "f"});
}

TEST(NetInferenceTest, OtherScalesStay) {
  const std::string conv = Conv("c", "x", 5);
  ExpectSame(conv + Scale("c", "s", 5, "axis: 2"), "s", {"in", "c", "s_scale"});
  ExpectSame(conv + Scale("c", "s", 5, "axis: -1"), "s",
             {"in", "c", "s_scale"});
  // Behind a Scale nothing is added.
  ExpectSame(conv + Conv("d", "x", 5) + Scale("d", "s", 5) + Sum("s", "c", "t"),
             "t", {"in", "c", "d", "t"});
}

TEST(NetInferenceTest, SumOfWhatIsReadAgainIsNotOverwritten) {
  const std::string net = Conv("a", "x", 20) + Conv("b", "a", 20) +
                          Sum("a", "b", "s") + Sum("a", "s", "t");
  ExpectSame(net, "t", {"in", "a", "b", "t"});
}

TEST(NetInferenceTest, SumWithTheConvolutionsOwnInput) {
  ExpectSame(Conv("a", "x", 20) + Conv("b", "a", 20) + Sum("b", "a", "s"), "s",
             {"in", "a", "b"});
  ExpectSame(Conv("a", "x", 3) + Sum("a", "x", "s"), "s", {"in", "a"});
}

TEST(NetInferenceTest, OtherSumsStay) {
  const std::string branches = Conv("a", "x", 4) + Conv("b", "x", 4);
  ExpectSame(branches + Sum("a", "b", "s", "operation: PROD"), "s",
             {"in", "a", "b", "s"});
  ExpectSame(branches + Sum("a", "b", "s", "coeff: 2 coeff: 3"), "s",
             {"in", "a", "b", "s"});
  ExpectSame(Conv("a", "x", 4) + Sum("a", "a", "s"), "s", {"in", "a", "s"});
}

TEST(NetInferenceTest, BlobWithSeveralReadersIsNotTakenOver) {
  const std::string net = Conv("c", "x", 4) + Relu("c", "y") +
                          Conv("d", "c", 4) + Sum("y", "d", "s");
  ExpectSame(net, "s", {"in", "c", "y_relu", "d"});
}

TEST(NetInferenceTest, KeptBlobsStayWithTheirValues) {
  const std::string net =
      Conv("c", "x", 4) + Relu("c", "y") + Conv("d", "y", 4);
  ExpectSame(net, "c", {"in", "c", "y_relu", "d"}, {"c"});
  const auto optimized = Inference(net, {"y"});
  EXPECT_THAT(optimized->blob_names(), ElementsAre("x", "y", "d"));
  EXPECT_THAT(optimized->Blob("c").status(), HasReason("BLOB_NOT_FOUND"));
}

TEST(NetInferenceTest, WatchedBlobsAreThereWhenTheirWriterHasRun) {
  const std::string layers = Conv("c", "x", 4) + Relu("c", "y") +
                             Conv("d", "y", 4) + Relu("d", "d") +
                             Conv("e", "d", 4);
  auto plain = MakeNet(layers, {});
  ASSERT_OK(plain);
  Net::Options options;
  options.inference = true;
  options.watch_blobs = {"c", "d"};
  ASSERT_OK_AND_ASSIGN(auto net, MakeNet(layers, options));
  EXPECT_EQ(LayersOf(*net),
            (std::vector<std::string>{"in", "c", "y_relu", "d", "e"}));
  const std::vector<float> expected = Compute(plain->get(), "e");
  std::map<std::string, std::vector<float>> seen;
  const auto watch = [&seen, &net](int index) {
    const std::string& layer = net->layer(index).name();
    const auto blob = net->Blob(layer);
    if (blob.ok()) seen[layer] = Values(**blob);
    return absl::OkStatus();
  };
  FillInput(net->MutableBlob("x").value());
  ASSERT_OK(net->Forward(watch));
  for (const char* name : {"c", "d"}) {
    EXPECT_THAT(seen[name], Pointwise(FloatNear(1e-4f),
                                      Values(*(*plain)->Blob(name).value())))
        << name;
  }
  EXPECT_THAT(seen["e"], Pointwise(FloatNear(1e-4f), expected));
}

TEST(NetInferenceTest, WatchedBlobsDieAsOthersDo) {
  const std::string layers = Conv("a", "x", 8) + Conv("b", "a", 16) +
                             Conv("c", "b", 4) + Conv("d", "c", 1);
  Net::Options options;
  options.inference = true;
  options.watch_blobs = {"a", "b", "c"};
  ASSERT_OK_AND_ASSIGN(auto net, MakeNet(layers, options));
  EXPECT_EQ(net->estimated_peak_bytes(),
            Inference(layers)->estimated_peak_bytes());
}

TEST(NetInferenceTest, WithoutFastMathResultsAreThoseOfAPlainNet) {
  // Large enough for Winograd's algorithm.
  const std::string layers =
      "layer { name: 'in' type: 'Input' top: 'x' input_param { shape { dim: 1 "
      "dim: 16 dim: 20 dim: 20 } } } " +
      Conv("c", "x", 64) + Relu("c", "c");
  const auto compute = [&layers](const Net::Options& options) {
    caffe::NetParameter model;
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(layers, &model));
    auto net = Net::Create(model, options, MakeLayer).value();
    FillInput(net->MutableBlob("x").value());
    EXPECT_OK(net->Forward());
    return Values(*net->Blob("c").value());
  };
  Net::Options options;
  options.inference = true;
  options.fast_math = false;
  EXPECT_EQ(compute(options), compute({}));
}

TEST(NetInferenceTest, UnknownBlobToKeepIsAnError) {
  Net::Options options;
  options.inference = true;
  options.keep_blobs = {"nothing"};
  EXPECT_THAT(MakeNet(Conv("c", "x", 4), options), HasReason("BLOB_NOT_FOUND"));
  options.keep_blobs = {};
  options.watch_blobs = {"nothing"};
  EXPECT_THAT(MakeNet(Conv("c", "x", 4), options), HasReason("BLOB_NOT_FOUND"));
}

TEST(NetInferenceTest, ResultsRepeatThoughMemoryIsShared) {
  std::string layers = Conv("c0", "x", 20);
  for (int i = 1; i < 6; ++i) {
    layers += Conv(absl::StrCat("c", i), absl::StrCat("c", i - 1), 20);
  }
  const auto net = Inference(layers);
  const std::vector<float> first = Compute(net.get(), "c5");
  EXPECT_EQ(Compute(net.get(), "c5"), first);
}

TEST(NetInferenceTest, PeakCountsOnlyWhatLivesAtOnce) {
  const std::string layers = Conv("a", "x", 8) + Conv("b", "a", 16) +
                             Conv("c", "b", 4) + Conv("d", "c", 1);
  const auto net = Inference(layers);
  const int64_t weights = 9 * (3 * 8 + 8 * 16 + 16 * 4 + 4) + 8 + 16 + 4 + 1;
  // The input and the output always; a and b are the most at once.
  EXPECT_EQ(net->estimated_peak_bytes(),
            4 * (weights + 25 * (3 + 1) + 25 * (8 + 16)));
}

TEST(NetInferenceTest, PeakAboveTheLimitIsRefusedBeforeItIsTaken) {
  const std::string layers = Conv("a", "x", 8) + Conv("b", "a", 16);
  Net::Options options;
  options.inference = true;
  const int64_t needed = Inference(layers)->estimated_peak_bytes();
  options.max_bytes = needed - 1;
  EXPECT_THAT(MakeNet(layers, options), HasReason("MEMORY_ESTIMATE_EXCEEDED"));
  options.max_bytes = needed;
  ASSERT_OK_AND_ASSIGN(auto net, MakeNet(layers, options));
  ASSERT_OK(net->MutableBlob("x").value()->Resize({2, 3, 5, 5}));
  EXPECT_THAT(net->Forward(), HasReason("MEMORY_ESTIMATE_EXCEEDED"));
}

TEST(NetInferenceTest, SumOfDifferentShapesIsAnError) {
  Net::Options options;
  options.inference = true;
  EXPECT_THAT(
      MakeNet(Conv("a", "x", 8) + Conv("b", "x", 7) + Sum("a", "b", "s"),
              options),
      HasReason("LAYER_SHAPE_INVALID"));
}

}  // namespace
}  // namespace quantd
