// Unstack (Synopsys): top i is index i of one axis of the bottom, which the
// tops do not have.
#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/core/layer.h"
#include "engine/layers/checks.h"
#include "engine/layers/mapped_layer.h"

namespace quantd {
namespace {

class UnstackLayer : public MappedLayer {
 public:
  using MappedLayer::MappedLayer;

  absl::Status SetUp(absl::Span<const Shape> bottoms, int num_tops) override {
    const int64_t num = param().unstack_param().num();
    if (num != 0 && num != num_tops) {
      return FieldError("unstack_param.num",
                        absl::StrCat("is ", num, ", but the layer has ",
                                     num_tops, " tops; remove it"));
    }
    return CheckArity(bottoms, {1, 1}, num_tops, {1, Arity::kAny});
  }

 private:
  absl::Status Map(absl::Span<const Shape> bottoms,
                   std::vector<Top>* tops) override {
    const Shape& bottom = bottoms[0];
    ASSIGN_OR_RETURN(const int axis,
                     CanonicalAxis(bottom, param().unstack_param().axis(),
                                   "unstack_param.axis"));
    if (bottom[axis] != static_cast<int64_t>(tops->size())) {
      return BottomError(absl::StrCat("axis ", axis, " of ", bottom.ToString(),
                                      " cannot be cut into ", tops->size(),
                                      " tops; give one for each index"));
    }
    int64_t index = 0;
    for (Top& top : *tops) {
      top.dims.erase(top.dims.begin() + axis);
      top.axes[axis] = AxisRange(bottom, axis, 1, index);
      ++index;
    }
    return absl::OkStatus();
  }
};

}  // namespace

std::unique_ptr<Layer> MakeUnstackLayer(const caffe::LayerParameter& param,
                                        caffe::Phase phase) {
  return std::make_unique<UnstackLayer>(param, phase);
}

}  // namespace quantd
