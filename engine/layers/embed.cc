// Embed: each value of the bottom, a whole number, becomes that row of the
// weights, plus a bias. Top: the bottom's shape and num_output behind it.
// Blobs: weights (input_dim, num_output), bias (num_output).
#include <algorithm>
#include <memory>
#include <vector>

#include "base/status_macros.h"
#include "engine/core/layer.h"
#include "engine/layers/checks.h"

namespace quantd {
namespace {

absl::Status CheckPositive(int64_t value, absl::string_view field) {
  if (value >= 1 && value <= INT32_MAX) return absl::OkStatus();
  return FieldError(field, "must be given and positive");
}

class EmbedLayer : public Layer {
 public:
  using Layer::Layer;

  absl::Status SetUp(absl::Span<const Shape> bottoms, int num_tops) override {
    RETURN_IF_ERROR(CheckArity(bottoms, {1, 1}, num_tops, {1, 1}));
    const caffe::EmbedParameter& embed = param().embed_param();
    num_rows_ = embed.input_dim();
    row_size_ = embed.num_output();
    RETURN_IF_ERROR(CheckPositive(num_rows_, "embed_param.input_dim"));
    RETURN_IF_ERROR(CheckPositive(row_size_, "embed_param.num_output"));
    RETURN_IF_ERROR(AddBlob({num_rows_, row_size_}, embed.weight_filler()));
    if (!embed.bias_term()) return absl::OkStatus();
    return AddBlob({row_size_}, embed.bias_filler());
  }

  absl::Status Reshape(absl::Span<const Shape> bottoms,
                       std::vector<Shape>* tops) override {
    std::vector<int64_t> dims = bottoms[0].dims();
    dims.push_back(row_size_);
    ASSIGN_OR_RETURN((*tops)[0], Shape::Create(dims));
    return absl::OkStatus();
  }

  absl::Status Forward(Bottoms bottoms, Tops tops) override {
    const float* weights = blobs_[0].data();
    const float* bias = blobs_.size() > 1 ? blobs_[1].data() : nullptr;
    float* y = tops[0]->DataToOverwrite();
    for (const float value : bottoms[0]->values()) {
      ASSIGN_OR_RETURN(const int64_t row, IndexOf(value, num_rows_));
      std::copy_n(weights + row * row_size_, row_size_, y);
      if (bias != nullptr) {
        for (int64_t i = 0; i < row_size_; ++i) y[i] += bias[i];
      }
      y += row_size_;
    }
    return absl::OkStatus();
  }

  absl::Status Backward(const BackwardPass& pass) override {
    const float* dy = pass.top_diffs[0]->data();
    for (const float value : pass.bottoms[0]->values()) {
      ASSIGN_OR_RETURN(const int64_t row, IndexOf(value, num_rows_));
      if (WantsBlobDiff(0)) Add(dy, blob_diff(0).data() + row * row_size_);
      if (WantsBlobDiff(1)) Add(dy, blob_diff(1).data());
      dy += row_size_;
    }
    return absl::OkStatus();
  }

  bool IsDifferentiable(int bottom) const override { return false; }

 private:
  void Add(const float* from, float* to) const {
    for (int64_t i = 0; i < row_size_; ++i) to[i] += from[i];
  }

  int64_t num_rows_ = 0;
  int64_t row_size_ = 0;
};

}  // namespace

std::unique_ptr<Layer> MakeEmbedLayer(const caffe::LayerParameter& param,
                                      caffe::Phase phase) {
  return std::make_unique<EmbedLayer>(param, phase);
}

}  // namespace quantd
