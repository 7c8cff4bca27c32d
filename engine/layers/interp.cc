// Interp (DeepLab, PSPNet): bilinear resizing of (N, C, H, W) that maps corners
// to corners. pad_beg and pad_end, which are not positive, cut rows and columns
// off first: size e = i + pad_beg + pad_end. The new size, by the fields that
// are given:
//   only shrink_factor s: (e - 1) / s + 1; only zoom_factor z: e + (e - 1) * (z
//   - 1); height and width; both factors: shrink, then zoom; full_zoom_factor:
//   e * f.
#include <memory>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/layers/checks.h"
#include "engine/layers/resize_axes.h"
#include "engine/layers/resizing_layer.h"

namespace quantd {
namespace {

class InterpLayer : public ResizingLayer {
 public:
  using ResizingLayer::ResizingLayer;

  absl::Status SetUp(absl::Span<const Shape> bottoms, int num_tops) override {
    RETURN_IF_ERROR(CheckArity(bottoms, {1, 1}, num_tops, {1, 1}));
    const caffe::InterpParameter& p = interp();
    for (const auto& [name, is_given, value] :
         {std::tuple{"height", p.has_height(), p.height()},
          std::tuple{"width", p.has_width(), p.width()},
          std::tuple{"zoom_factor", p.has_zoom_factor(), p.zoom_factor()},
          std::tuple{"shrink_factor", p.has_shrink_factor(), p.shrink_factor()},
          std::tuple{"full_zoom_factor", p.has_full_zoom_factor(),
                     p.full_zoom_factor()}}) {
      if (!is_given) continue;
      RETURN_IF_ERROR(CheckSize(absl::StrCat("interp_param.", name), value));
    }
    if (p.pad_beg() > 0 || p.pad_end() > 0) {
      return FieldError(
          p.pad_beg() > 0 ? "interp_param.pad_beg" : "interp_param.pad_end",
          "is positive; only cutting off (0 or less) is "
          "supported");
    }
    const bool has_size = p.has_height() && p.has_width();
    if (has_size || p.has_zoom_factor() || p.has_shrink_factor() ||
        p.has_full_zoom_factor()) {
      return absl::OkStatus();
    }
    return FieldError("interp_param",
                      "gives no size; set height and width, or a factor");
  }

  absl::Status Reshape(absl::Span<const Shape> bottoms,
                       std::vector<Shape>* tops) override {
    const Shape& x = bottoms[0];
    RETURN_IF_ERROR(CheckImageAxes(x));
    ASSIGN_OR_RETURN(const int64_t h, OutputSize(x[2], interp().height()));
    ASSIGN_OR_RETURN(const int64_t w, OutputSize(x[3], interp().width()));
    ASSIGN_OR_RETURN((*tops)[0], Shape::Create({x[0], x[1], h, w}));
    axes_ = {{2, Taps(x[2], h)}, {3, Taps(x[3], w)}};
    OrderAxes(x, &axes_);
    return absl::OkStatus();
  }

 private:
  const caffe::InterpParameter& interp() const {
    return param().interp_param();
  }

  // What is left of `input` pixels.
  int64_t CutSize(int64_t input) const {
    return input + interp().pad_beg() + interp().pad_end();
  }

  absl::StatusOr<int64_t> OutputSize(int64_t input, int64_t fixed) const {
    const caffe::InterpParameter& p = interp();
    int64_t size = CutSize(input);
    if (size < 1) {
      return BottomError(
          absl::StrCat("interp_param.pad_beg and pad_end leave nothing of ",
                       input, " pixels"));
    }
    const bool zooms = p.has_zoom_factor(), shrinks = p.has_shrink_factor();
    if (zooms == shrinks && p.has_height() && p.has_width()) return fixed;
    if (shrinks) size = (size - 1) / p.shrink_factor() + 1;
    if (zooms) size += (size - 1) * (p.zoom_factor() - 1);
    if (!zooms && !shrinks) size *= p.full_zoom_factor();
    return size;
  }

  std::vector<ResizeTap> Taps(int64_t input, int64_t output) const {
    std::vector<ResizeTap> taps =
        LinearTaps(ResizeMode::kAlignCorners, CutSize(input), output);
    for (ResizeTap& tap : taps) {
      tap.lower -= interp().pad_beg();
      tap.upper -= interp().pad_beg();
    }
    return taps;
  }
};

}  // namespace

std::unique_ptr<Layer> MakeInterpLayer(const caffe::LayerParameter& param,
                                       caffe::Phase phase) {
  return std::make_unique<InterpLayer>(param, phase);
}

}  // namespace quantd
