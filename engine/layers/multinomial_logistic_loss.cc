// MultinomialLogisticLoss: -sum of ln max(p(label), 1e-20) / items; bottom 0
// has the probabilities p, all axes after the first are classes.
#include <algorithm>
#include <cmath>
#include <memory>

#include "base/status_macros.h"
#include "engine/layers/item_loss_layer.h"

namespace quantd {
namespace {

class MultinomialLogisticLossLayer : public ItemLossLayer {
 public:
  using ItemLossLayer::ItemLossLayer;

  absl::Status Forward(Bottoms bottoms, Tops tops) override {
    double sum = 0;
    for (int64_t item = 0; item < num_items(); ++item) {
      ASSIGN_OR_RETURN(const int64_t index, LabelIndex(bottoms, item));
      sum -= std::log(std::max(bottoms[0]->data()[index], kMinProbability));
    }
    *tops[0]->data() = MeanOf(sum);
    return absl::OkStatus();
  }

  absl::Status Backward(const BackwardPass& pass) override {
    const float* p = pass.bottoms[0]->data();
    absl::Span<float> dp = pass.bottom_diffs[0]->values();
    std::fill(dp.begin(), dp.end(), 0.0f);
    const float scale = ScaleOf(pass);
    for (int64_t item = 0; item < num_items(); ++item) {
      ASSIGN_OR_RETURN(const int64_t index, LabelIndex(pass.bottoms, item));
      dp[index] = -scale / std::max(p[index], kMinProbability);
    }
    return absl::OkStatus();
  }

 private:
  static constexpr float kMinProbability = 1e-20f;

  // Where the probability of the item's label is.
  absl::StatusOr<int64_t> LabelIndex(Bottoms bottoms, int64_t item) const {
    ASSIGN_OR_RETURN(const int64_t label, LabelOf(bottoms, item));
    return IndexOf(item, label);
  }
};

}  // namespace

std::unique_ptr<Layer> MakeMultinomialLogisticLossLayer(
    const caffe::LayerParameter& param, caffe::Phase phase) {
  return std::make_unique<MultinomialLogisticLossLayer>(param, phase);
}

}  // namespace quantd
