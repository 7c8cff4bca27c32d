// MultinomialLogisticLoss: -sum of ln max(p(label), 1e-20) / items; bottom 0
// has the probabilities p, all axes after the first are classes.
#include <algorithm>
#include <cmath>
#include <memory>

#include "base/status_macros.h"
#include "engine/layers/checks.h"
#include "engine/layers/labels.h"
#include "engine/layers/loss_layer.h"

namespace quantd {
namespace {

class MultinomialLogisticLossLayer : public LossLayer {
 public:
  using LossLayer::LossLayer;

  absl::Status SetUp(absl::Span<const Shape> bottoms, int num_tops) override {
    return CheckArity(bottoms, {2, 2}, num_tops, {1, 1});
  }

  absl::Status Reshape(absl::Span<const Shape> bottoms,
                       std::vector<Shape>* tops) override {
    ASSIGN_OR_RETURN(axis_, MakeItemClasses(bottoms[0], bottoms[1]));
    (*tops)[0] = Shape();
    return absl::OkStatus();
  }

  absl::Status Forward(Bottoms bottoms, Tops tops) override {
    double sum = 0;
    for (int64_t item = 0; item < axis_.outer; ++item) {
      ASSIGN_OR_RETURN(const int64_t index, LabelIndex(bottoms, item));
      sum -= std::log(std::max(bottoms[0]->data()[index], kMinProbability));
    }
    *tops[0]->data() = static_cast<float>(sum / NumItems());
    return absl::OkStatus();
  }

  absl::Status Backward(const BackwardPass& pass) override {
    const float* p = pass.bottoms[0]->data();
    absl::Span<float> dp = pass.bottom_diffs[0]->values();
    std::fill(dp.begin(), dp.end(), 0.0f);
    const float scale =
        static_cast<float>(*pass.top_diffs[0]->data() / NumItems());
    for (int64_t item = 0; item < axis_.outer; ++item) {
      ASSIGN_OR_RETURN(const int64_t index, LabelIndex(pass.bottoms, item));
      dp[index] = -scale / std::max(p[index], kMinProbability);
    }
    return absl::OkStatus();
  }

 private:
  static constexpr float kMinProbability = 1e-20f;

  double NumItems() const {
    return static_cast<double>(std::max(axis_.outer, int64_t{1}));
  }

  // Where the probability of the item's label is.
  absl::StatusOr<int64_t> LabelIndex(Bottoms bottoms, int64_t item) const {
    ASSIGN_OR_RETURN(const int64_t label,
                     ClassOf(bottoms[1]->data()[item], axis_.classes));
    return axis_.IndexOf(item, label);
  }

  ClassAxis axis_;
};

}  // namespace

std::unique_ptr<Layer> MakeMultinomialLogisticLossLayer(
    const caffe::LayerParameter& param, caffe::Phase phase) {
  return std::make_unique<MultinomialLogisticLossLayer>(param, phase);
}

}  // namespace quantd
