// BroadcastTo (Synopsys): repeats the bottom to broadcast_to_param.shape. Axes
// are aligned from the right; those of size 1, and missing ones, are repeated.
#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/core/layer.h"
#include "engine/layers/checks.h"
#include "engine/layers/mapped_layer.h"

namespace quantd {
namespace {

class BroadcastToLayer : public MappedLayer {
 public:
  using MappedLayer::MappedLayer;

 private:
  absl::Status Map(absl::Span<const Shape> bottoms,
                   std::vector<Top>* tops) override {
    const Shape& bottom = bottoms[0];
    const auto& shape = param().broadcast_to_param().shape();
    const int num_new = shape.size() - bottom.num_axes();
    if (num_new < 0) return Misfit(bottom);
    Top& top = tops->front();
    top.dims.assign(shape.begin(), shape.end());
    top.axes.insert(top.axes.begin(), num_new, StridedAxis());
    for (int axis = 0; axis < shape.size(); ++axis) {
      const int64_t size = top.dims[axis];
      const int64_t own = axis < num_new ? 1 : bottom[axis - num_new];
      if (size == 0 || (own != size && own != 1)) return Misfit(bottom);
      if (own == 1) top.axes[axis] = {{size, 0, 0}};
    }
    return absl::OkStatus();
  }

  static absl::Status Misfit(const Shape& bottom) {
    return FieldError(
        "broadcast_to_param.shape",
        absl::StrCat("does not end in the dimensions of ", bottom.ToString(),
                     ", or others where those are 1"));
  }
};

}  // namespace

std::unique_ptr<Layer> MakeBroadcastToLayer(const caffe::LayerParameter& param,
                                            caffe::Phase phase) {
  return std::make_unique<BroadcastToLayer>(param, phase);
}

}  // namespace quantd
