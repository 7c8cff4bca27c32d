// Concat: joins the bottoms along one axis.
#include <memory>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/core/layer.h"
#include "engine/kernels/cpu/concat.h"
#include "engine/layers/checks.h"
#include "engine/layers/join_blocks.h"
#include "engine/layers/old_axis.h"

namespace quantd {
namespace {

class ConcatLayer : public Layer {
 public:
  using Layer::Layer;

  absl::Status SetUp(absl::Span<const Shape> bottoms, int num_tops) override {
    RETURN_IF_ERROR(Axis().Check());
    return CheckArity(bottoms, {1, Arity::kAny}, num_tops, {1, 1});
  }

  absl::Status Reshape(absl::Span<const Shape> bottoms,
                       std::vector<Shape>* tops) override {
    ASSIGN_OR_RETURN(const int axis, Axis().Of(bottoms[0]));
    axis_ = axis;
    std::vector<int64_t> dims = bottoms[0].dims();
    for (size_t i = 1; i < bottoms.size(); ++i) {
      std::vector<int64_t> others = bottoms[i].dims();
      if (others.size() == dims.size()) {
        dims[axis] += others[axis];
        others[axis] = dims[axis];
      }
      if (others != dims) {
        return BottomError(
            absl::StrCat("bottom ", i, " of shape ", bottoms[i].ToString(),
                         " cannot be joined along axis ", axis,
                         " to bottom 0 of shape ", bottoms[0].ToString()));
      }
    }
    ASSIGN_OR_RETURN((*tops)[0], Shape::Create(dims));
    outer_ = bottoms[0].Count(0, axis);
    return absl::OkStatus();
  }

  absl::Status Forward(Bottoms bottoms, Tops tops) override {
    if (CpuConcat::Supports(bottoms)) {
      return blocked_.Run(bottoms, axis_, tops[0]);
    }
    JoinBlocks(bottoms, outer_, tops[0]);
    return absl::OkStatus();
  }

  absl::Status Backward(const BackwardPass& pass) override {
    PartBlocks(*pass.top_diffs[0], outer_, pass.bottoms, pass.bottom_diffs);
    return absl::OkStatus();
  }

 private:
  OldAxis Axis() const {
    const caffe::ConcatParameter& p = param().concat_param();
    return {"concat_param",     "concat_dim", p.has_axis(),
            p.has_concat_dim(), p.axis(),     p.concat_dim()};
  }

  int axis_ = 1;
  int64_t outer_ = 1;
  CpuConcat blocked_;
};

}  // namespace

std::unique_ptr<Layer> MakeConcatLayer(const caffe::LayerParameter& param,
                                       caffe::Phase phase) {
  return std::make_unique<ConcatLayer>(param, phase);
}

}  // namespace quantd
