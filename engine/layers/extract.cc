// Extract: the indices [slice_point_begin, slice_point_end) of one axis.
#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/core/layer.h"
#include "engine/layers/checks.h"
#include "engine/layers/mapped_layer.h"

namespace quantd {
namespace {

class ExtractLayer : public MappedLayer {
 public:
  using MappedLayer::MappedLayer;

 private:
  absl::Status Map(absl::Span<const Shape> bottoms,
                   std::vector<Top>* tops) override {
    const Shape& bottom = bottoms[0];
    const caffe::ExtractParameter& extract = param().extract_param();
    ASSIGN_OR_RETURN(const int axis, CanonicalAxis(bottom, extract.axis(),
                                                   "extract_param.axis"));
    const int64_t begin = extract.slice_point_begin();
    const int64_t end = extract.slice_point_end();
    if (begin >= end || end > bottom[axis]) {
      return FieldError(
          "extract_param",
          absl::StrCat("slice_point_begin ", begin, " and slice_point_end ",
                       end, " are no range of axis ", axis, " of ",
                       bottom.ToString()));
    }
    Top& top = tops->front();
    top.dims[axis] = end - begin;
    top.axes[axis] = AxisRange(bottom, axis, end - begin, begin);
    return absl::OkStatus();
  }
};

}  // namespace

std::unique_ptr<Layer> MakeExtractLayer(const caffe::LayerParameter& param,
                                        caffe::Phase phase) {
  return std::make_unique<ExtractLayer>(param, phase);
}

}  // namespace quantd
