// Parameter: a learnable blob as a top, y = blob 0.
#include <algorithm>
#include <memory>

#include "base/status_macros.h"
#include "engine/core/layer.h"
#include "engine/layers/checks.h"

namespace quantd {
namespace {

class ParameterLayer : public Layer {
 public:
  using Layer::Layer;

  absl::Status SetUp(absl::Span<const Shape> bottoms, int num_tops) override {
    RETURN_IF_ERROR(CheckArity(bottoms, {0, 0}, num_tops, {1, 1}));
    const auto& dims = param().parameter_param().shape().dim();
    return AddBlob({dims.begin(), dims.end()});
  }

  absl::Status Reshape(absl::Span<const Shape> bottoms,
                       std::vector<Shape>* tops) override {
    (*tops)[0] = blobs_[0].shape();
    return absl::OkStatus();
  }

  // A copy: what works in place on the top must not change the blob.
  absl::Status Forward(Bottoms bottoms, Tops tops) override {
    const Tensor& blob = blobs_[0];
    std::copy_n(blob.data(), blob.num_elements(), tops[0]->DataToOverwrite());
    return absl::OkStatus();
  }

  absl::Status Backward(const BackwardPass& pass) override {
    if (!WantsBlobDiff(0)) return absl::OkStatus();
    const float* dy = pass.top_diffs[0]->data();
    float* diff = blob_diff(0).data();
    const int64_t n = blobs_[0].num_elements();
    for (int64_t i = 0; i < n; ++i) diff[i] += dy[i];
    return absl::OkStatus();
  }
};

}  // namespace

std::unique_ptr<Layer> MakeParameterLayer(const caffe::LayerParameter& param,
                                          caffe::Phase phase) {
  return std::make_unique<ParameterLayer>(param, phase);
}

}  // namespace quantd
