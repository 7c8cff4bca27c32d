#include "engine/layers/testing/layer_test_util.h"

#include <algorithm>

#include "base/status_macros.h"
#include "engine/core/blob_proto.h"
#include "engine/layers/registry.h"
#include "google/protobuf/text_format.h"

namespace quantd::testing {

caffe::LayerParameter ParseLayer(const std::string& prototxt) {
  caffe::LayerParameter layer;
  layer.set_name("layer");
  EXPECT_TRUE(google::protobuf::TextFormat::MergeFromString(prototxt, &layer))
      << prototxt;
  return layer;
}

absl::StatusOr<std::unique_ptr<Net>> MakeLayerNet(
    const caffe::LayerParameter& layer,
    const std::map<std::string, Shape>& inputs, caffe::Phase phase,
    bool backward) {
  caffe::NetParameter model;
  model.set_force_backward(backward);
  for (const auto& [name, shape] : inputs) {
    caffe::LayerParameter* input = model.add_layer();
    input->set_name("input_" + name);
    input->set_type("Input");
    input->add_top(name);
    caffe::BlobShape* dims = input->mutable_input_param()->add_shape();
    for (int64_t dim : shape.dims()) dims->add_dim(dim);
  }
  *model.add_layer() = layer;
  Net::Options options;
  options.phase = phase;
  options.backward = backward;
  return Net::Create(model, options, MakeLayer);
}

LayerTester::LayerTester(const std::string& layer_prototxt, caffe::Phase phase)
    : layer_(ParseLayer(layer_prototxt)), phase_(phase) {}

LayerTester& LayerTester::Input(const std::string& name, const Shape& shape,
                                const std::vector<float>& values) {
  EXPECT_TRUE(values.empty() ||
              static_cast<int64_t>(values.size()) == shape.num_elements())
      << name;
  inputs_[name] = {shape, values};
  inputs_[name].values.resize(shape.num_elements());
  return *this;
}

LayerTester& LayerTester::Blob(const Shape& shape,
                               const std::vector<float>& values) {
  EXPECT_EQ(static_cast<int64_t>(values.size()), shape.num_elements());
  Tensor blob(shape);
  std::copy(values.begin(), values.end(), blob.data());
  *layer_.add_blobs() = ToBlobProto(blob);
  return *this;
}

absl::Status LayerTester::Prepare(bool backward) {
  if (net_ == nullptr || backward_ != backward) {
    std::map<std::string, Shape> shapes;
    for (const auto& [name, input] : inputs_) shapes[name] = input.shape;
    backward_ = backward;
    ASSIGN_OR_RETURN(net_, MakeLayerNet(layer_, shapes, phase_, backward));
  }
  for (const auto& [name, input] : inputs_) {
    ASSIGN_OR_RETURN(Tensor * blob, net_->MutableBlob(name));
    RETURN_IF_ERROR(blob->Resize(input.shape));
    std::copy(input.values.begin(), input.values.end(), blob->data());
  }
  return absl::OkStatus();
}

absl::Status LayerTester::Forward() {
  RETURN_IF_ERROR(Prepare(backward_));
  return net_->Forward();
}

absl::Status LayerTester::Backward(
    const std::map<std::string, std::vector<float>>& top_diffs) {
  RETURN_IF_ERROR(Prepare(/*backward=*/true));
  RETURN_IF_ERROR(net_->Forward());
  for (const std::string& top : layer_.top()) {
    ASSIGN_OR_RETURN(Tensor * diff, net_->MutableDiff(top));
    absl::Span<float> values = diff->values();
    std::fill(values.begin(), values.end(), 1.0f);
    const auto given = top_diffs.find(top);
    if (given == top_diffs.end()) continue;
    EXPECT_EQ(given->second.size(), values.size()) << top;
    std::copy(given->second.begin(), given->second.end(), values.begin());
  }
  net_->ClearParamDiffs();
  return net_->Backward();
}

std::vector<float> LayerTester::InputDiff(const std::string& name) const {
  const auto diff = net_->Diff(name);
  EXPECT_TRUE(diff.ok()) << diff.status().ToString();
  if (!diff.ok()) return {};
  return {(*diff)->values().begin(), (*diff)->values().end()};
}

std::vector<float> LayerTester::BlobDiff(int index) const {
  const Tensor& diff = net_->layer(net_->num_layers() - 1).blob_diffs()[index];
  return {diff.values().begin(), diff.values().end()};
}

std::vector<float> LayerTester::Output(const std::string& name) const {
  const auto blob = net_->Blob(name);
  EXPECT_TRUE(blob.ok()) << blob.status().ToString();
  if (!blob.ok()) return {};
  return {(*blob)->values().begin(), (*blob)->values().end()};
}

Shape LayerTester::OutputShape(const std::string& name) const {
  const auto blob = net_->Blob(name);
  EXPECT_TRUE(blob.ok()) << blob.status().ToString();
  return blob.ok() ? (*blob)->shape() : Shape();
}

std::vector<float> LayerTester::LayerBlob(int index) const {
  const Tensor& blob = net_->layer(net_->num_layers() - 1).blobs()[index];
  return {blob.values().begin(), blob.values().end()};
}

::testing::Matcher<const std::vector<float>&> Values(
    const std::vector<float>& expected, float tolerance) {
  std::vector<::testing::Matcher<float>> matchers;
  matchers.reserve(expected.size());
  for (float value : expected) {
    matchers.push_back(::testing::NanSensitiveFloatNear(value, tolerance));
  }
  return ::testing::ElementsAreArray(matchers);
}

std::vector<float> Noise(int64_t count, uint32_t seed) {
  std::vector<float> values(count);
  uint32_t state = seed;
  for (float& value : values) {
    state = state * 1664525u + 1013904223u;
    value = static_cast<float>(static_cast<int32_t>(state) / 2147483648.0);
  }
  return values;
}

}  // namespace quantd::testing
