// Filter: top i has the items of bottom i whose value in the selector, the last
// bottom, is not 0. How many they are is known in Forward(): until then the
// tops have all items.
#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/core/layer.h"
#include "engine/layers/checks.h"
#include "engine/layers/gather_items.h"

namespace quantd {
namespace {

class FilterLayer : public Layer {
 public:
  using Layer::Layer;

  absl::Status SetUp(absl::Span<const Shape> bottoms, int num_tops) override {
    RETURN_IF_ERROR(
        CheckArity(bottoms, {2, Arity::kAny}, num_tops, {1, Arity::kAny}));
    const int num_filtered = static_cast<int>(bottoms.size()) - 1;
    return CheckArity(bottoms, {2, Arity::kAny}, num_tops,
                      {num_filtered, num_filtered});
  }

  absl::Status Reshape(absl::Span<const Shape> bottoms,
                       std::vector<Shape>* tops) override {
    const Shape& selector = bottoms.back();
    if (selector.num_axes() == 0 || selector.Count(1) != 1) {
      return BottomError(absl::StrCat("the selector of shape ",
                                      selector.ToString(),
                                      " must have one value an item"));
    }
    for (size_t i = 0; i < tops->size(); ++i) {
      ASSIGN_OR_RETURN((*tops)[i], WithItems(bottoms[i], selector[0]));
      if (bottoms[i][0] == selector[0]) continue;
      return BottomError(absl::StrCat("bottom ", i, " of shape ",
                                      bottoms[i].ToString(), " has not the ",
                                      selector[0], " items of the selector"));
    }
    return absl::OkStatus();
  }

  absl::Status Forward(Bottoms bottoms, Tops tops) override {
    const absl::Span<const float> selector = bottoms.back()->values();
    items_.clear();
    for (size_t i = 0; i < selector.size(); ++i) {
      if (selector[i] != 0) items_.push_back(static_cast<int64_t>(i));
    }
    for (size_t i = 0; i < tops.size(); ++i) {
      const Shape& shape = bottoms[i]->shape();
      ASSIGN_OR_RETURN(const Shape filtered,
                       WithItems(shape, static_cast<int64_t>(items_.size())));
      RETURN_IF_ERROR(tops[i]->Resize(filtered));
      GatherItems(bottoms[i]->data(), shape, items_,
                  tops[i]->DataToOverwrite());
    }
    return absl::OkStatus();
  }

  absl::Status Backward(const BackwardPass& pass) override {
    for (size_t i = 0; i < pass.tops.size(); ++i) {
      if (pass.bottom_diffs[i] == nullptr) continue;
      ScatterItems(pass.top_diffs[i]->data(), items_, pass.bottoms[i]->shape(),
                   pass.bottom_diffs[i]->data());
    }
    return absl::OkStatus();
  }

  // The selector is the bottom behind those that have a top.
  bool IsDifferentiable(int bottom) const override {
    return bottom < param().top_size();
  }

 private:
  std::vector<int64_t> items_;  // Selected in the last Forward().
};

}  // namespace

std::unique_ptr<Layer> MakeFilterLayer(const caffe::LayerParameter& param,
                                       caffe::Phase phase) {
  return std::make_unique<FilterLayer>(param, phase);
}

}  // namespace quantd
