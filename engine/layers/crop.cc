// Crop: the axes from crop_param.axis on get the sizes of bottom 1, beginning
// at crop_param.offset. Bottom 1 only gives its shape.
#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/core/layer.h"
#include "engine/layers/checks.h"
#include "engine/layers/mapped_layer.h"

namespace quantd {
namespace {

class CropLayer : public MappedLayer {
 public:
  using MappedLayer::MappedLayer;

  absl::Status SetUp(absl::Span<const Shape> bottoms, int num_tops) override {
    return CheckArity(bottoms, {2, 2}, num_tops, {1, 1});
  }

 private:
  absl::Status Map(absl::Span<const Shape> bottoms,
                   std::vector<Top>* tops) override {
    const Shape& bottom = bottoms[0];
    const Shape& sizes = bottoms[1];
    const caffe::CropParameter& crop = param().crop_param();
    ASSIGN_OR_RETURN(const int first,
                     CanonicalAxis(bottom, crop.axis(), "crop_param.axis"));
    const int num_cropped = bottom.num_axes() - first;
    if (crop.offset_size() > 1 && crop.offset_size() != num_cropped) {
      return FieldError(
          "crop_param.offset",
          absl::StrCat("is given ", crop.offset_size(), " times for ",
                       num_cropped, " cropped axes; give one or one per axis"));
    }
    if (sizes.num_axes() < bottom.num_axes()) {
      return BottomError(absl::StrCat("bottom 1 (", sizes.ToString(),
                                      ") has fewer axes than bottom 0 (",
                                      bottom.ToString(), ")"));
    }
    Top& top = tops->front();
    for (int axis = first; axis < bottom.num_axes(); ++axis) {
      const int64_t begin = Offset(axis - first);
      if (begin + sizes[axis] > bottom[axis]) {
        return BottomError(
            absl::StrCat("axis ", axis, " of bottom 0 (", bottom.ToString(),
                         ") ends before offset ", begin,
                         " and the size of bottom 1 (", sizes.ToString(), ")"));
      }
      top.dims[axis] = sizes[axis];
      top.axes[axis] = AxisRange(bottom, axis, sizes[axis], begin);
    }
    return absl::OkStatus();
  }

  // Of the cropped axis `index`.
  int64_t Offset(int index) const {
    const caffe::CropParameter& crop = param().crop_param();
    if (crop.offset_size() == 0) return 0;
    return crop.offset(crop.offset_size() == 1 ? 0 : index);
  }
};

}  // namespace

std::unique_ptr<Layer> MakeCropLayer(const caffe::LayerParameter& param,
                                     caffe::Phase phase) {
  return std::make_unique<CropLayer>(param, phase);
}

}  // namespace quantd
