// ExpandDimsND (Synopsys): puts axes of size 1 before axes of the bottom. Axis
// i of expand_dims_nd_param.axis is put at axis + i of what the ones before it
// made; a negative one counts from behind the last axis.
#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/core/layer.h"
#include "engine/layers/checks.h"
#include "engine/layers/copying_layer.h"

namespace quantd {
namespace {

class ExpandDimsNdLayer : public CopyingLayer {
 public:
  using CopyingLayer::CopyingLayer;

  absl::Status Reshape(absl::Span<const Shape> bottoms,
                       std::vector<Shape>* tops) override {
    const int64_t num_axes = bottoms[0].num_axes();
    std::vector<int64_t> dims = bottoms[0].dims();
    int64_t num_before = 0;
    for (const int64_t axis : param().expand_dims_nd_param().axis()) {
      const int64_t place = axis < 0 ? axis + num_axes + 1 : axis;
      if (place < 0 || place > num_axes) {
        return FieldError("expand_dims_nd_param.axis",
                          absl::StrCat(axis, " is no place among the axes of ",
                                       bottoms[0].ToString()));
      }
      dims.insert(dims.begin() + place + num_before, 1);
      ++num_before;
    }
    ASSIGN_OR_RETURN((*tops)[0], Shape::Create(dims));
    return absl::OkStatus();
  }
};

}  // namespace

std::unique_ptr<Layer> MakeExpandDimsNdLayer(const caffe::LayerParameter& param,
                                             caffe::Phase phase) {
  return std::make_unique<ExpandDimsNdLayer>(param, phase);
}

}  // namespace quantd
