// Warp (SS928): moves pixels of (N, C, H, W) by whole steps. The last bottom,
// motion, has two planes of H x W (for x, then y) of values in [-4, 4]: pixel
// (x, y) goes to (x - motion_x, y - motion_y); what falls outside is lost, of
// several the last one stays, and pixels that none goes to keep their value.
// With three bottoms, bottom 1 has the offsets up, bottom, left, right of the
// part that moves: rows up to H - bottom, columns left to W - right; the rest
// is copied.
#include <algorithm>
#include <cmath>
#include <memory>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/core/layer.h"
#include "engine/layers/checks.h"

namespace quantd {
namespace {

constexpr float kMaxMotion = 4;

// Rows and columns [begin, end) that move.
struct Part {
  int64_t top = 0, bottom = 0, left = 0, right = 0;
};

class WarpLayer : public Layer {
 public:
  using Layer::Layer;

  absl::Status SetUp(absl::Span<const Shape> bottoms, int num_tops) override {
    return CheckArity(bottoms, {2, 3}, num_tops, {1, 1});
  }

  absl::Status Reshape(absl::Span<const Shape> bottoms,
                       std::vector<Shape>* tops) override {
    const Shape& x = bottoms[0];
    const Shape& motion = bottoms.back();
    RETURN_IF_ERROR(CheckImageAxes(x, "bottom 0"));
    const int axes = motion.num_axes();
    const bool fits = axes >= 3 && motion[axes - 3] == 2 &&
                      motion[axes - 2] == x[2] && motion[axes - 1] == x[3] &&
                      motion.Count(0, axes - 3) == 1;
    if (!fits) {
      return BottomError(absl::StrCat("the motion has shape ",
                                      motion.ToString(), "; it must be 2x",
                                      x[2], "x", x[3]));
    }
    if (bottoms.size() == 3 && bottoms[1].num_elements() != 4) {
      return BottomError(
          absl::StrCat("bottom 1 (the part that moves) has "
                       "shape ",
                       bottoms[1].ToString(), "; it must have 4 values"));
    }
    (*tops)[0] = x;
    return absl::OkStatus();
  }

  absl::Status Forward(Bottoms bottoms, Tops tops) override {
    const Shape& shape = bottoms[0]->shape();
    const int64_t height = shape[2], width = shape[3];
    Part part = {0, height, 0, width};
    if (bottoms.size() == 3) {
      ASSIGN_OR_RETURN(part, ReadPart(*bottoms[1], height, width));
    }
    const Tensor& motion = *bottoms.back();
    for (const float step : motion.values()) {
      if (std::abs(step) <= kMaxMotion && step == std::round(step)) continue;
      return InputError(absl::StrCat("the motion has ", step,
                                     "; it must be a whole number in [-4, 4]"));
    }
    const float* x = bottoms[0]->data();
    float* y = tops[0]->DataToOverwrite();
    std::copy_n(x, shape.num_elements(), y);
    for (int64_t h = part.top; h < part.bottom; ++h) {
      for (int64_t w = part.left; w < part.right; ++w) {
        const int64_t from = h * width + w;
        const float* steps = motion.data() + from;
        const int64_t to_w = w - static_cast<int64_t>(steps[0]);
        const int64_t to_h = h - static_cast<int64_t>(steps[height * width]);
        if (to_w < 0 || to_w >= width || to_h < 0 || to_h >= height) continue;
        for (int64_t plane = 0; plane < shape.Count(0, 2); ++plane) {
          y[plane * height * width + to_h * width + to_w] =
              x[plane * height * width + from];
        }
      }
    }
    return absl::OkStatus();
  }

  bool IsDifferentiable(int) const override { return false; }

 private:
  static absl::StatusOr<Part> ReadPart(const Tensor& offsets, int64_t height,
                                       int64_t width) {
    const absl::Span<const float> values = offsets.values();
    for (size_t i = 0; i < 4; ++i) {
      const int64_t limit = i < 2 ? height : width;
      // Written so that NaN fails.
      if (values[i] >= 0 && values[i] <= static_cast<float>(limit)) continue;
      return InputError(absl::StrCat("the part that moves has offset ",
                                     values[i], "; it must be in [0, ", limit,
                                     "]"));
    }
    return Part{static_cast<int64_t>(values[0]),
                height - static_cast<int64_t>(values[1]),
                static_cast<int64_t>(values[2]),
                width - static_cast<int64_t>(values[3])};
  }
};

}  // namespace

std::unique_ptr<Layer> MakeWarpLayer(const caffe::LayerParameter& param,
                                     caffe::Phase phase) {
  return std::make_unique<WarpLayer>(param, phase);
}

}  // namespace quantd
