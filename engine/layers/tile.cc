// Tile: repeats the bottom along one axis.
#include <memory>
#include <vector>

#include "base/status_macros.h"
#include "engine/core/layer.h"
#include "engine/layers/checks.h"
#include "engine/layers/mapped_layer.h"

namespace quantd {
namespace {

class TileLayer : public MappedLayer {
 public:
  using MappedLayer::MappedLayer;

  absl::Status SetUp(absl::Span<const Shape> bottoms, int num_tops) override {
    if (param().tile_param().tiles() <= 0) {
      return FieldError("tile_param.tiles", "must be given and positive");
    }
    return MappedLayer::SetUp(bottoms, num_tops);
  }

 private:
  absl::Status Map(absl::Span<const Shape> bottoms,
                   std::vector<Top>* tops) override {
    const caffe::TileParameter& tile = param().tile_param();
    ASSIGN_OR_RETURN(const int axis,
                     CanonicalAxis(bottoms[0], tile.axis(), "tile_param.axis"));
    Top& top = tops->front();
    top.dims[axis] *= tile.tiles();
    top.axes.insert(top.axes.begin() + axis, {{tile.tiles(), 0, 0}});
    return absl::OkStatus();
  }
};

}  // namespace

std::unique_ptr<Layer> MakeTileLayer(const caffe::LayerParameter& param,
                                     caffe::Phase phase) {
  return std::make_unique<TileLayer>(param, phase);
}

}  // namespace quantd
