// Layers that move blocks of pixels into channels and back, copies all:
//   Reorg, PassThrough (SS928), Reorganize (HiSilicon): (N, C, H, W);
//   SpaceToDepth, DepthToSpace: NHWC, or NCHW by data_format.
// Space to depth: pixel (h * bh + dy, w * bw + dx) of channel c goes to pixel
// (h, w) of channel (dy * bw + dx) * C + c. Depth to space is the inverse; with
// data_format CRD (NCHW) its channel is c * bh * bw + dy * bw + dx.
#include <algorithm>
#include <memory>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/core/layer.h"
#include "engine/layers/checks.h"

namespace quantd {
namespace {

// What a type's parameters say.
struct Blocks {
  bool to_depth = true;
  int64_t h = 1;
  int64_t w = 1;
  bool is_nhwc = false;
  bool channel_first = false;  // CRD: a channel's blocks lie side by side.
};

absl::StatusOr<Blocks> ReadReorg(const caffe::LayerParameter& param) {
  const caffe::ReorgParameter& p = param.reorg_param();
  RETURN_IF_ERROR(CheckSize("reorg_param.stride", p.stride()));
  return Blocks{!p.reverse(), p.stride(), p.stride()};
}

absl::StatusOr<Blocks> ReadReorganize(const caffe::LayerParameter& param) {
  const caffe::ReorgParameter& p = param.reorg_param();
  const bool is_split = p.has_stride_h() || p.has_stride_w();
  if (is_split && p.has_stride()) {
    return FieldError("reorg_param.stride",
                      "is given together with stride_h or stride_w; keep one");
  }
  const Blocks blocks = {!p.is_flatten(), is_split ? p.stride_h() : p.stride(),
                         is_split ? p.stride_w() : p.stride()};
  RETURN_IF_ERROR(CheckSize("reorg_param.stride", blocks.h));
  RETURN_IF_ERROR(CheckSize("reorg_param.stride", blocks.w));
  return blocks;
}

absl::StatusOr<Blocks> ReadPassThrough(const caffe::LayerParameter& param) {
  const caffe::PassThroughParameter& p = param.pass_through_param();
  RETURN_IF_ERROR(
      CheckSize("pass_through_param.block_height", p.block_height()));
  RETURN_IF_ERROR(CheckSize("pass_through_param.block_width", p.block_width()));
  return Blocks{true, p.block_height(), p.block_width()};
}

absl::StatusOr<Blocks> ReadSpaceToDepth(const caffe::LayerParameter& param) {
  const caffe::SpaceToDepthParameter& p = param.space_to_depth_param();
  RETURN_IF_ERROR(CheckSize("space_to_depth_param.block_size", p.block_size()));
  if (p.data_format() != "NHWC" && p.data_format() != "NCHW") {
    return FieldError("space_to_depth_param.data_format",
                      "must be NHWC or NCHW");
  }
  return Blocks{true, p.block_size(), p.block_size(),
                p.data_format() == "NHWC"};
}

absl::StatusOr<Blocks> ReadDepthToSpace(const caffe::LayerParameter& param) {
  const caffe::DepthToSpaceParameter& p = param.depth_to_space_param();
  RETURN_IF_ERROR(CheckSize("depth_to_space_param.block_size", p.block_size()));
  const std::string& format = p.data_format();
  if (format != "NHWC" && format != "NCHW" && format != "CRD") {
    return FieldError("depth_to_space_param.data_format",
                      "must be NHWC, NCHW or CRD");
  }
  return Blocks{false, p.block_size(), p.block_size(), format == "NHWC",
                format == "CRD"};
}

// (N, C, H, W) in memory: of element (n, c, h, w) the offset is the sum of
// index * stride.
struct Strides {
  int64_t n, c, h, w;
};

Strides StridesOf(int64_t c, int64_t h, int64_t w, bool is_nhwc) {
  return is_nhwc ? Strides{c * h * w, 1, w * c, c}
                 : Strides{c * h * w, h * w, w, 1};
}

class SpaceDepthLayer : public Layer {
 public:
  using ReadFunction =
      absl::StatusOr<Blocks> (*)(const caffe::LayerParameter& param);

  SpaceDepthLayer(const caffe::LayerParameter& param, caffe::Phase phase,
                  ReadFunction read)
      : Layer(param, phase), read_(read) {}

  absl::Status SetUp(absl::Span<const Shape> bottoms, int num_tops) override {
    RETURN_IF_ERROR(CheckArity(bottoms, {1, 1}, num_tops, {1, 1}));
    ASSIGN_OR_RETURN(blocks_, read_(param()));
    return absl::OkStatus();
  }

  absl::Status Reshape(absl::Span<const Shape> bottoms,
                       std::vector<Shape>* tops) override {
    const Shape& x = bottoms[0];
    if (x.num_axes() != 4) {
      return BottomError(
          absl::StrCat("a bottom of shape ", x.ToString(), " has not 4 axes"));
    }
    const int c = blocks_.is_nhwc ? 3 : 1, h = blocks_.is_nhwc ? 1 : 2;
    const int64_t block = blocks_.h * blocks_.w;
    std::vector<int64_t> dims = x.dims();
    const bool fits = blocks_.to_depth
                          ? x[h] % blocks_.h == 0 && x[h + 1] % blocks_.w == 0
                          : x[c] % block == 0;
    if (!fits) {
      return BottomError(absl::StrCat("a bottom of shape ", x.ToString(),
                                      " does not divide into blocks of ",
                                      blocks_.h, "x", blocks_.w));
    }
    dims[c] = blocks_.to_depth ? x[c] * block : x[c] / block;
    dims[h] = blocks_.to_depth ? x[h] / blocks_.h : x[h] * blocks_.h;
    dims[h + 1] =
        blocks_.to_depth ? x[h + 1] / blocks_.w : x[h + 1] * blocks_.w;
    ASSIGN_OR_RETURN((*tops)[0], Shape::Create(dims));
    const Shape& space = blocks_.to_depth ? x : (*tops)[0];
    items_ = space[0];
    channels_ = space[c];
    height_ = space[h];
    width_ = space[h + 1];
    return CheckNumOutput((*tops)[0][c]);
  }

  absl::Status Forward(Bottoms bottoms, Tops tops) override {
    const float* x = bottoms[0]->data();
    Move(blocks_.to_depth, x, tops[0]->DataToOverwrite());
    return absl::OkStatus();
  }

  absl::Status Backward(const BackwardPass& pass) override {
    Move(!blocks_.to_depth, pass.top_diffs[0]->data(),
         pass.bottom_diffs[0]->data());
    return absl::OkStatus();
  }

 private:
  // PassThrough may say how many channels it makes.
  absl::Status CheckNumOutput(int64_t channels) const {
    const int64_t expected = param().pass_through_param().num_output();
    if (expected == 0 || expected == channels) return absl::OkStatus();
    return FieldError("pass_through_param.num_output",
                      absl::StrCat("is ", expected, ", but the top has ",
                                   channels, " channels; remove it"));
  }

  // Copies the values between space and depth.
  void Move(bool to_depth, const float* from, float* to) const {
    const int64_t bh = blocks_.h, bw = blocks_.w;
    const Strides space =
        StridesOf(channels_, height_, width_, blocks_.is_nhwc);
    const Strides depth = StridesOf(channels_ * bh * bw, height_ / bh,
                                    width_ / bw, blocks_.is_nhwc);
    const int64_t planes = items_ * channels_;
#pragma omp parallel for
    for (int64_t plane = 0; plane < planes; ++plane) {
      const int64_t n = plane / channels_, c = plane % channels_;
      for (int64_t h = 0; h < height_; ++h) {
        for (int64_t w = 0; w < width_; ++w) {
          const int64_t block = h % bh * bw + w % bw;
          const int64_t channel = blocks_.channel_first ? c * bh * bw + block
                                                        : block * channels_ + c;
          const int64_t s =
              n * space.n + c * space.c + h * space.h + w * space.w;
          const int64_t d = n * depth.n + channel * depth.c + h / bh * depth.h +
                            w / bw * depth.w;
          to[to_depth ? d : s] = from[to_depth ? s : d];
        }
      }
    }
  }

  const ReadFunction read_;
  Blocks blocks_;
  // Of the side in space.
  int64_t items_ = 0;
  int64_t channels_ = 0;
  int64_t height_ = 0;
  int64_t width_ = 0;
};

}  // namespace

std::unique_ptr<Layer> MakeReorgLayer(const caffe::LayerParameter& param,
                                      caffe::Phase phase) {
  return std::make_unique<SpaceDepthLayer>(param, phase, ReadReorg);
}

std::unique_ptr<Layer> MakeReorganizeLayer(const caffe::LayerParameter& param,
                                           caffe::Phase phase) {
  return std::make_unique<SpaceDepthLayer>(param, phase, ReadReorganize);
}

std::unique_ptr<Layer> MakePassThroughLayer(const caffe::LayerParameter& param,
                                            caffe::Phase phase) {
  return std::make_unique<SpaceDepthLayer>(param, phase, ReadPassThrough);
}

std::unique_ptr<Layer> MakeSpaceToDepthLayer(const caffe::LayerParameter& param,
                                             caffe::Phase phase) {
  return std::make_unique<SpaceDepthLayer>(param, phase, ReadSpaceToDepth);
}

std::unique_ptr<Layer> MakeDepthToSpaceLayer(const caffe::LayerParameter& param,
                                             caffe::Phase phase) {
  return std::make_unique<SpaceDepthLayer>(param, phase, ReadDepthToSpace);
}

}  // namespace quantd
