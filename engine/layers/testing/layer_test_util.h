// Runs small nets in tests: prototxt text in, values out.
#ifndef QUANTD_ENGINE_LAYERS_TESTING_LAYER_TEST_UTIL_H_
#define QUANTD_ENGINE_LAYERS_TESTING_LAYER_TEST_UTIL_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/core/net.h"
#include "engine/core/shape.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd::testing {

// Parses the fields of a LayerParameter; its name is "layer" if none is given.
caffe::LayerParameter ParseLayer(const std::string& prototxt);

// A net of Input layers for the bottoms of `layer` that are keys of
// `inputs`, and `layer`, which may carry blobs. With `backward`, every gradient
// that the layer can give is computed (force_backward).
absl::StatusOr<std::unique_ptr<Net>> MakeLayerNet(
    const caffe::LayerParameter& layer,
    const std::map<std::string, Shape>& inputs,
    caffe::Phase phase = caffe::TEST, bool backward = false);

// A one-layer net under test.
//
// Example:
//   LayerTester relu("type: 'ReLU' bottom: 'x' top: 'y'");
//   relu.Input("x", {2, 2}, {-1, 2, -3, 4});
//   ASSERT_OK(relu.Forward());
//   EXPECT_THAT(relu.Output("y"), Values({0, 2, 0, 4}));
class LayerTester {
 public:
  explicit LayerTester(const std::string& layer_prototxt,
                       caffe::Phase phase = caffe::TEST);

  // A bottom; every bottom must be given before Forward(). `values` empty:
  // zeros.
  LayerTester& Input(const std::string& name, const Shape& shape,
                     const std::vector<float>& values = {});
  // The next blob of the layer.
  LayerTester& Blob(const Shape& shape, const std::vector<float>& values);

  // Builds the net (once) and runs it. Inputs that changed since are reshaped.
  absl::Status Forward();

  // After Forward(). A failed test and an empty result if there is no such top.
  std::vector<float> Output(const std::string& name) const;
  Shape OutputShape(const std::string& name) const;
  // The layer's blob `index` now.
  std::vector<float> LayerBlob(int index) const;

  // Runs forward and backward; `top_diffs` are the gradients of the tops, 1
  // everywhere for tops that it does not name. Blob gradients start at 0.
  absl::Status Backward(
      const std::map<std::string, std::vector<float>>& top_diffs = {});
  // After Backward(): the gradient of an input, and of the layer's blob.
  std::vector<float> InputDiff(const std::string& name) const;
  std::vector<float> BlobDiff(int index) const;

  // An input as it was given, all values present.
  struct InputValue {
    Shape shape;
    std::vector<float> values;
  };
  const std::map<std::string, InputValue>& inputs() const { return inputs_; }
  // The layer's own bottoms and tops.
  const caffe::LayerParameter& param() const { return layer_; }

  Net* net() { return net_.get(); }
  // The layer under test, after Forward() or Backward().
  Layer& layer() { return net_->mutable_layer(net_->num_layers() - 1); }

 private:
  absl::Status Prepare(bool backward);

  caffe::LayerParameter layer_;
  const caffe::Phase phase_;
  bool backward_ = false;  // Whether net_ can.
  std::map<std::string, InputValue> inputs_;
  std::unique_ptr<Net> net_;
};

// Elementwise near: |a - b| <= tolerance, or both NaN.
::testing::Matcher<const std::vector<float>&> Values(
    const std::vector<float>& expected, float tolerance = 1e-5f);

// Deterministic values in [-1, 1), no two neighbours alike.
std::vector<float> Noise(int64_t count, uint32_t seed = 1);

}  // namespace quantd::testing

#endif  // QUANTD_ENGINE_LAYERS_TESTING_LAYER_TEST_UTIL_H_
