// Flip: turns images round, along the width (the last axis) unless switched
// off, and the height (the last but one).
// Source: happynear/caffe-windows, flip_layer.
#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/core/layer.h"
#include "engine/layers/checks.h"
#include "engine/layers/mapped_layer.h"

namespace quantd {
namespace {

class FlipLayer : public MappedLayer {
 public:
  using MappedLayer::MappedLayer;

 private:
  absl::Status Map(absl::Span<const Shape> bottoms,
                   std::vector<Top>* tops) override {
    const Shape& bottom = bottoms[0];
    const caffe::FlipParameter& flip = param().flip_param();
    const int width = bottom.num_axes() - 1;
    const int height = width - 1;
    if (height < 0) {
      return BottomError(absl::StrCat("a bottom of shape ", bottom.ToString(),
                                      " has no height and width"));
    }
    Top& top = tops->front();
    if (flip.flip_width()) top.axes[width] = ReversedAxis(bottom, width);
    if (flip.flip_height()) top.axes[height] = ReversedAxis(bottom, height);
    return absl::OkStatus();
  }
};

}  // namespace

std::unique_ptr<Layer> MakeFlipLayer(const caffe::LayerParameter& param,
                                     caffe::Phase phase) {
  return std::make_unique<FlipLayer>(param, phase);
}

}  // namespace quantd
