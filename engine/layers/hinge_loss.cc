// HingeLoss: sum of max(0, 1 - s x) over all classes, s = 1 for the item's
// label and -1 for the others, each term squared with norm L2; divided by the
// items.
#include <algorithm>
#include <memory>

#include "base/status_macros.h"
#include "engine/layers/item_loss_layer.h"

namespace quantd {
namespace {

class HingeLossLayer : public ItemLossLayer {
 public:
  using ItemLossLayer::ItemLossLayer;

  absl::Status Forward(Bottoms bottoms, Tops tops) override {
    double sum = 0;
    RETURN_IF_ERROR(ForEachTerm(bottoms, [&](int64_t, float, float term) {
      sum += IsSquared() ? static_cast<double>(term) * term : term;
    }));
    *tops[0]->data() = MeanOf(sum);
    return absl::OkStatus();
  }

  absl::Status Backward(const BackwardPass& pass) override {
    float* dx = pass.bottom_diffs[0]->data();
    const float scale = ScaleOf(pass);
    return ForEachTerm(pass.bottoms, [&](int64_t i, float sign, float term) {
      const float slope = IsSquared() ? 2 * term : (term > 0 ? 1 : 0);
      dx[i] = -sign * scale * slope;
    });
  }

 private:
  bool IsSquared() const {
    return param().hinge_loss_param().norm() == caffe::HingeLossParameter::L2;
  }

  // Calls body(index, s, max(0, 1 - s x)) for every score x.
  template <typename Body>
  absl::Status ForEachTerm(Bottoms bottoms, const Body& body) const {
    const float* x = bottoms[0]->data();
    for (int64_t item = 0; item < num_items(); ++item) {
      ASSIGN_OR_RETURN(const int64_t label, LabelOf(bottoms, item));
      for (int64_t c = 0; c < num_classes(); ++c) {
        const int64_t i = IndexOf(item, c);
        const float sign = c == label ? 1 : -1;
        body(i, sign, std::max(0.0f, 1 - sign * x[i]));
      }
    }
    return absl::OkStatus();
  }
};

}  // namespace

std::unique_ptr<Layer> MakeHingeLossLayer(const caffe::LayerParameter& param,
                                          caffe::Phase phase) {
  return std::make_unique<HingeLossLayer>(param, phase);
}

}  // namespace quantd
