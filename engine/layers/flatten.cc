// Flatten: the axes axis..end_axis become one.
#include <memory>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/core/layer.h"
#include "engine/layers/checks.h"
#include "engine/layers/copying_layer.h"

namespace quantd {
namespace {

class FlattenLayer : public CopyingLayer {
 public:
  using CopyingLayer::CopyingLayer;

  absl::Status Reshape(absl::Span<const Shape> bottoms,
                       std::vector<Shape>* tops) override {
    const caffe::FlattenParameter& flatten = param().flatten_param();
    const Shape& bottom = bottoms[0];
    const absl::StatusOr<int> first = bottom.CanonicalAxis(flatten.axis());
    const absl::StatusOr<int> last = bottom.CanonicalAxis(flatten.end_axis());
    if (!first.ok() || !last.ok() || *first > *last) {
      return FieldError(
          "flatten_param",
          absl::StrCat("axes ", flatten.axis(), " to ", flatten.end_axis(),
                       " are no range of axes of ", bottom.ToString()));
    }
    const std::vector<int64_t>& dims = bottom.dims();
    std::vector<int64_t> flat(dims.begin(), dims.begin() + *first);
    flat.push_back(bottom.Count(*first, *last + 1));
    flat.insert(flat.end(), dims.begin() + *last + 1, dims.end());
    ASSIGN_OR_RETURN((*tops)[0], Shape::Create(flat));
    return absl::OkStatus();
  }
};

}  // namespace

std::unique_ptr<Layer> MakeFlattenLayer(const caffe::LayerParameter& param,
                                        caffe::Phase phase) {
  return std::make_unique<FlattenLayer>(param, phase);
}

}  // namespace quantd
