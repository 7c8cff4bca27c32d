// Stack (Synopsys): joins bottoms of one shape along a new axis, which is
// stack_param.axis of the top.
#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/core/layer.h"
#include "engine/layers/checks.h"
#include "engine/layers/join_blocks.h"

namespace quantd {
namespace {

class StackLayer : public Layer {
 public:
  using Layer::Layer;

  absl::Status SetUp(absl::Span<const Shape> bottoms, int num_tops) override {
    return CheckArity(bottoms, {1, Arity::kAny}, num_tops, {1, 1});
  }

  absl::Status Reshape(absl::Span<const Shape> bottoms,
                       std::vector<Shape>* tops) override {
    const int64_t num_axes = bottoms[0].num_axes();
    const int64_t given = param().stack_param().axis();
    const int64_t axis = given < 0 ? given + num_axes + 1 : given;
    if (axis < 0 || axis > num_axes) {
      return FieldError("stack_param.axis",
                        absl::StrCat(given, " is no place among the axes of ",
                                     bottoms[0].ToString()));
    }
    for (size_t i = 1; i < bottoms.size(); ++i) {
      if (bottoms[i] == bottoms[0]) continue;
      return BottomError(absl::StrCat(
          "bottom ", i, " has shape ", bottoms[i].ToString(), ", bottom 0 has ",
          bottoms[0].ToString(), "; they must be equal"));
    }
    std::vector<int64_t> dims = bottoms[0].dims();
    dims.insert(dims.begin() + axis, static_cast<int64_t>(bottoms.size()));
    ASSIGN_OR_RETURN((*tops)[0], Shape::Create(dims));
    outer_ = bottoms[0].Count(0, static_cast<int>(axis));
    return absl::OkStatus();
  }

  absl::Status Forward(Bottoms bottoms, Tops tops) override {
    JoinBlocks(bottoms, outer_, tops[0]);
    return absl::OkStatus();
  }

  absl::Status Backward(const BackwardPass& pass) override {
    PartBlocks(*pass.top_diffs[0], outer_, pass.bottoms, pass.bottom_diffs);
    return absl::OkStatus();
  }

 private:
  int64_t outer_ = 1;
};

}  // namespace

std::unique_ptr<Layer> MakeStackLayer(const caffe::LayerParameter& param,
                                      caffe::Phase phase) {
  return std::make_unique<StackLayer>(param, phase);
}

}  // namespace quantd
