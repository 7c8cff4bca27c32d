// TileND (Synopsys): repeats the bottom along every axis, as often as
// tile_nd_param.multiples says.
#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "engine/core/layer.h"
#include "engine/layers/checks.h"
#include "engine/layers/mapped_layer.h"

namespace quantd {
namespace {

class TileNdLayer : public MappedLayer {
 public:
  using MappedLayer::MappedLayer;

 private:
  absl::Status Map(absl::Span<const Shape> bottoms,
                   std::vector<Top>* tops) override {
    const Shape& bottom = bottoms[0];
    const auto& multiples = param().tile_nd_param().multiples();
    if (multiples.size() != bottom.num_axes()) {
      return FieldError(
          "tile_nd_param.multiples",
          absl::StrCat("is given ", multiples.size(), " times for the axes of ",
                       bottom.ToString()));
    }
    Top& top = tops->front();
    top.axes.clear();
    const std::vector<StridedAxis> own = IdentityAxes(bottom);
    for (int axis = 0; axis < bottom.num_axes(); ++axis) {
      const int64_t count = multiples[axis];
      if (count == 0) {
        return FieldError("tile_nd_param.multiples", "must be positive");
      }
      top.dims[axis] *= count;
      top.axes.push_back({{count, 0, 0}});
      top.axes.push_back(own[axis]);
    }
    return absl::OkStatus();
  }
};

}  // namespace

std::unique_ptr<Layer> MakeTileNdLayer(const caffe::LayerParameter& param,
                                       caffe::Phase phase) {
  return std::make_unique<TileNdLayer>(param, phase);
}

}  // namespace quantd
