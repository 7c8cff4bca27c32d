// Squeeze (Synopsys): drops axes of size 1: those of squeeze_param.axis, or all
// if none is named.
#include <algorithm>
#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/core/layer.h"
#include "engine/layers/checks.h"
#include "engine/layers/copying_layer.h"

namespace quantd {
namespace {

constexpr char kField[] = "squeeze_param.axis";

class SqueezeLayer : public CopyingLayer {
 public:
  using CopyingLayer::CopyingLayer;

  absl::Status Reshape(absl::Span<const Shape> bottoms,
                       std::vector<Shape>* tops) override {
    const Shape& bottom = bottoms[0];
    const auto& named = param().squeeze_param().axis();
    ASSIGN_OR_RETURN(const std::vector<int> axes,
                     CanonicalAxes(bottom, named, kField));
    std::vector<int64_t> dims;
    for (int axis = 0; axis < bottom.num_axes(); ++axis) {
      const bool is_named =
          std::find(axes.begin(), axes.end(), axis) != axes.end();
      if (is_named && bottom[axis] != 1) {
        return FieldError(
            kField, absl::StrCat("names axis ", axis, " of ", bottom.ToString(),
                                 ", whose size is not 1"));
      }
      const bool drops = is_named || (axes.empty() && bottom[axis] == 1);
      if (!drops) dims.push_back(bottom[axis]);
    }
    ASSIGN_OR_RETURN((*tops)[0], Shape::Create(dims));
    return absl::OkStatus();
  }
};

}  // namespace

std::unique_ptr<Layer> MakeSqueezeLayer(const caffe::LayerParameter& param,
                                        caffe::Phase phase) {
  return std::make_unique<SqueezeLayer>(param, phase);
}

}  // namespace quantd
