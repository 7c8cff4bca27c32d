// HingeLoss: sum of max(0, 1 - s x) over all classes, s = 1 for the item's
// label and -1 for the others, each term squared with norm L2; divided by the
// items.
#include <algorithm>
#include <memory>

#include "base/status_macros.h"
#include "engine/layers/checks.h"
#include "engine/layers/labels.h"
#include "engine/layers/loss_layer.h"

namespace quantd {
namespace {

class HingeLossLayer : public LossLayer {
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
    RETURN_IF_ERROR(ForEachTerm(bottoms, [&](int64_t, float, float term) {
      sum += IsSquared() ? static_cast<double>(term) * term : term;
    }));
    *tops[0]->data() = static_cast<float>(sum / NumItems());
    return absl::OkStatus();
  }

  absl::Status Backward(const BackwardPass& pass) override {
    float* dx = pass.bottom_diffs[0]->data();
    const float scale =
        static_cast<float>(*pass.top_diffs[0]->data() / NumItems());
    return ForEachTerm(pass.bottoms, [&](int64_t i, float sign, float term) {
      const float slope = IsSquared() ? 2 * term : (term > 0 ? 1 : 0);
      dx[i] = -sign * scale * slope;
    });
  }

 private:
  bool IsSquared() const {
    return param().hinge_loss_param().norm() == caffe::HingeLossParameter::L2;
  }
  double NumItems() const {
    return static_cast<double>(std::max(axis_.outer, int64_t{1}));
  }

  // Calls body(index, s, max(0, 1 - s x)) for every score x.
  template <typename Body>
  absl::Status ForEachTerm(Bottoms bottoms, const Body& body) const {
    const float* x = bottoms[0]->data();
    for (int64_t item = 0; item < axis_.outer; ++item) {
      ASSIGN_OR_RETURN(const int64_t label,
                       ClassOf(bottoms[1]->data()[item], axis_.classes));
      for (int64_t c = 0; c < axis_.classes; ++c) {
        const int64_t i = axis_.IndexOf(item, c);
        const float sign = c == label ? 1 : -1;
        body(i, sign, std::max(0.0f, 1 - sign * x[i]));
      }
    }
    return absl::OkStatus();
  }

  ClassAxis axis_;
};

}  // namespace

std::unique_ptr<Layer> MakeHingeLossLayer(const caffe::LayerParameter& param,
                                          caffe::Phase phase) {
  return std::make_unique<HingeLossLayer>(param, phase);
}

}  // namespace quantd
