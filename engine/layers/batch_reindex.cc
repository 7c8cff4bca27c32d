// BatchReindex: item i of the top is item bottom1[i] of bottom 0; items may be
// left out and repeated.
#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/core/layer.h"
#include "engine/layers/checks.h"
#include "engine/layers/gather_items.h"

namespace quantd {
namespace {

class BatchReindexLayer : public Layer {
 public:
  using Layer::Layer;

  absl::Status SetUp(absl::Span<const Shape> bottoms, int num_tops) override {
    return CheckArity(bottoms, {2, 2}, num_tops, {1, 1});
  }

  absl::Status Reshape(absl::Span<const Shape> bottoms,
                       std::vector<Shape>* tops) override {
    if (bottoms[1].num_axes() != 1) {
      return BottomError(absl::StrCat("bottom 1 of shape ",
                                      bottoms[1].ToString(),
                                      " must have one axis, of indices"));
    }
    ASSIGN_OR_RETURN((*tops)[0], WithItems(bottoms[0], bottoms[1][0]));
    return absl::OkStatus();
  }

  absl::Status Forward(Bottoms bottoms, Tops tops) override {
    const Shape& shape = bottoms[0]->shape();
    items_.clear();
    for (const float value : bottoms[1]->values()) {
      ASSIGN_OR_RETURN(const int64_t item, IndexOf(value, shape[0]));
      items_.push_back(item);
    }
    GatherItems(bottoms[0]->data(), shape, items_, tops[0]->DataToOverwrite());
    return absl::OkStatus();
  }

  absl::Status Backward(const BackwardPass& pass) override {
    ScatterItems(pass.top_diffs[0]->data(), items_, pass.bottoms[0]->shape(),
                 pass.bottom_diffs[0]->data());
    return absl::OkStatus();
  }

  bool IsDifferentiable(int bottom) const override { return bottom == 0; }

 private:
  std::vector<int64_t> items_;  // Of the last Forward().
};

}  // namespace

std::unique_ptr<Layer> MakeBatchReindexLayer(const caffe::LayerParameter& param,
                                             caffe::Phase phase) {
  return std::make_unique<BatchReindexLayer>(param, phase);
}

}  // namespace quantd
