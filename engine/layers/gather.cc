// Gather (Synopsys): the indices of gather_param, in their shape, of one axis:
// the top has gather_param.shape in its place. A shape of 0, or none, says that
// there is one index, and drops the axis.
#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/core/layer.h"
#include "engine/layers/checks.h"
#include "engine/layers/mapped_layer.h"

namespace quantd {
namespace {

class GatherLayer : public MappedLayer {
 public:
  using MappedLayer::MappedLayer;

  absl::Status SetUp(absl::Span<const Shape> bottoms, int num_tops) override {
    RETURN_IF_ERROR(MappedLayer::SetUp(bottoms, num_tops));
    const caffe::GatherParameter& gather = param().gather_param();
    shape_.assign(gather.shape().begin(), gather.shape().end());
    if (shape_.size() == 1 && shape_[0] == 0) shape_.clear();
    const auto shape = Shape::Create(shape_);
    if (shape.ok() && shape->num_elements() == gather.indices_size()) {
      return absl::OkStatus();
    }
    return FieldError("gather_param.shape",
                      absl::StrCat("does not fit the ", gather.indices_size(),
                                   " values of gather_param.indices"));
  }

 private:
  absl::Status Map(absl::Span<const Shape> bottoms,
                   std::vector<Top>* tops) override {
    const Shape& bottom = bottoms[0];
    const caffe::GatherParameter& gather = param().gather_param();
    ASSIGN_OR_RETURN(const int axis,
                     CanonicalAxis(bottom, gather.axis(), "gather_param.axis"));
    Top& top = tops->front();
    StridedAxis& picked = top.axes[axis];
    picked.clear();
    for (const int64_t index : gather.indices()) {
      if (index >= bottom[axis]) {
        return FieldError("gather_param.indices",
                          absl::StrCat(index, " is no index of axis ", axis,
                                       " of ", bottom.ToString()));
      }
      picked.push_back(AxisRange(bottom, axis, 1, index)[0]);
    }
    if (picked.empty()) picked.push_back({});  // An axis of no values.
    top.dims.erase(top.dims.begin() + axis);
    top.dims.insert(top.dims.begin() + axis, shape_.begin(), shape_.end());
    return absl::OkStatus();
  }

  std::vector<int64_t> shape_;  // Of the indices.
};

}  // namespace

std::unique_ptr<Layer> MakeGatherLayer(const caffe::LayerParameter& param,
                                       caffe::Phase phase) {
  return std::make_unique<GatherLayer>(param, phase);
}

}  // namespace quantd
