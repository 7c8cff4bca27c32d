// Permute: reorders the axes; those that `order` leaves out follow in
// ascending order.
// Source: weiliu89/caffe (SSD), permute_layer.cpp.
#include <algorithm>
#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/core/layer.h"
#include "engine/layers/checks.h"
#include "engine/layers/mapped_layer.h"

namespace quantd {
namespace {

class PermuteLayer : public MappedLayer {
 public:
  using MappedLayer::MappedLayer;

 private:
  absl::Status Map(absl::Span<const Shape> bottoms,
                   std::vector<Top>* tops) override {
    const Shape& bottom = bottoms[0];
    ASSIGN_OR_RETURN(const std::vector<int> order, Order(bottom));
    const std::vector<StridedAxis> axes = IdentityAxes(bottom);
    Top& top = tops->front();
    for (int i = 0; i < bottom.num_axes(); ++i) {
      top.dims[i] = bottom[order[i]];
      top.axes[i] = axes[order[i]];
    }
    return absl::OkStatus();
  }

  absl::StatusOr<std::vector<int>> Order(const Shape& bottom) const {
    std::vector<int> order;
    const auto contains = [&order](int axis) {
      return std::find(order.begin(), order.end(), axis) != order.end();
    };
    for (const uint32_t axis : param().permute_param().order()) {
      if (axis >= static_cast<uint32_t>(bottom.num_axes())) {
        return FieldError(
            "permute_param.order",
            absl::StrCat(axis, " is not an axis of ", bottom.ToString()));
      }
      if (contains(static_cast<int>(axis))) {
        return FieldError("permute_param.order",
                          absl::StrCat("has axis ", axis, " twice"));
      }
      order.push_back(static_cast<int>(axis));
    }
    for (int axis = 0; axis < bottom.num_axes(); ++axis) {
      if (!contains(axis)) order.push_back(axis);
    }
    return order;
  }
};

}  // namespace

std::unique_ptr<Layer> MakePermuteLayer(const caffe::LayerParameter& param,
                                        caffe::Phase phase) {
  return std::make_unique<PermuteLayer>(param, phase);
}

}  // namespace quantd
