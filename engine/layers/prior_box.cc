// PriorBox (SSD) and PriorBoxClustered: the default boxes of a feature map.
// Bottoms: the map (N, C, H, W) and the image; top (1, 2, H * W * P * 4): row 0
// the boxes x1, y1, x2, y2 as parts of the image, row 1 their variances. P
// boxes a cell, cells in row-major order, centred at (column + offset) * step.
// PriorBox: for each min_size a square; with max_size one of sqrt(min * max);
//   then aspect_ratio r: w = min * sqrt(r), h = min / sqrt(r). Sizes are cut to
//   integers, as in SSD. Ratio 1 is the square itself; with flip, 1 / r follows
//   r; ratios that are there already are left out.
// PriorBoxClustered: width[i] x height[i].
#include <algorithm>
#include <cmath>
#include <memory>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/core/layer.h"
#include "engine/layers/checks.h"

namespace quantd {
namespace {

constexpr float kDefaultVariance = 0.1f;
constexpr float kSameRatio = 1e-6f;

struct Size {
  float w;
  float h;
};

absl::Status CheckPositive(absl::string_view field, float value) {
  if (value > 0 && std::isfinite(value)) return absl::OkStatus();
  return FieldError(field, absl::StrCat("is ", value, "; it must be above 0"));
}

// Sizes of one cell's boxes, in pixels. Errors: INVALID_ARGUMENT.
using SizesFunction =
    absl::StatusOr<std::vector<Size>> (*)(const caffe::PriorBoxParameter& p);

// Without ratio 1.
absl::StatusOr<std::vector<float>> ReadRatios(
    const caffe::PriorBoxParameter& p) {
  std::vector<float> ratios = {1};
  for (const float ratio : p.aspect_ratio()) {
    RETURN_IF_ERROR(CheckPositive("prior_box_param.aspect_ratio", ratio));
    const bool known = std::any_of(
        ratios.begin(), ratios.end(),
        [&](float other) { return std::abs(ratio - other) < kSameRatio; });
    if (known) continue;
    ratios.push_back(ratio);
    if (p.flip()) ratios.push_back(1 / ratio);
  }
  ratios.erase(ratios.begin());
  return ratios;
}

absl::StatusOr<std::vector<Size>> PriorBoxSizes(
    const caffe::PriorBoxParameter& p) {
  if (p.min_size_size() == 0) {
    return FieldError("prior_box_param.min_size", "is missing");
  }
  if (p.max_size_size() != 0 && p.max_size_size() != p.min_size_size()) {
    return FieldError(
        "prior_box_param.max_size",
        absl::StrCat("is given ", p.max_size_size(), " times, min_size ",
                     p.min_size_size(), " times"));
  }
  ASSIGN_OR_RETURN(const std::vector<float> ratios, ReadRatios(p));
  std::vector<Size> sizes;
  for (int i = 0; i < p.min_size_size(); ++i) {
    RETURN_IF_ERROR(CheckPositive("prior_box_param.min_size", p.min_size(i)));
    const float min = std::trunc(p.min_size(i));
    sizes.push_back({min, min});
    if (p.max_size_size() > 0) {
      RETURN_IF_ERROR(CheckPositive("prior_box_param.max_size", p.max_size(i)));
      if (p.max_size(i) <= p.min_size(i)) {
        return FieldError(
            "prior_box_param.max_size",
            absl::StrCat("is ", p.max_size(i), "; it must be above min_size ",
                         p.min_size(i)));
      }
      const float side = std::sqrt(min * std::trunc(p.max_size(i)));
      sizes.push_back({side, side});
    }
    for (const float ratio : ratios) {
      sizes.push_back({min * std::sqrt(ratio), min / std::sqrt(ratio)});
    }
  }
  return sizes;
}

absl::StatusOr<std::vector<Size>> ClusteredSizes(
    const caffe::PriorBoxParameter& p) {
  if (p.width_size() == 0 || p.width_size() != p.height_size()) {
    return FieldError(
        "prior_box_param.width",
        absl::StrCat("is given ", p.width_size(), " times, height ",
                     p.height_size(), " times; give one of each per box"));
  }
  std::vector<Size> sizes;
  for (int i = 0; i < p.width_size(); ++i) {
    RETURN_IF_ERROR(CheckPositive("prior_box_param.width", p.width(i)));
    RETURN_IF_ERROR(CheckPositive("prior_box_param.height", p.height(i)));
    sizes.push_back({p.width(i), p.height(i)});
  }
  return sizes;
}

class PriorBoxLayer : public Layer {
 public:
  PriorBoxLayer(const caffe::LayerParameter& param, caffe::Phase phase,
                SizesFunction read_sizes)
      : Layer(param, phase), read_sizes_(read_sizes) {}

  absl::Status SetUp(absl::Span<const Shape> bottoms, int num_tops) override {
    RETURN_IF_ERROR(CheckArity(bottoms, {2, 2}, num_tops, {1, 1}));
    ASSIGN_OR_RETURN(sizes_, read_sizes_(prior_box()));
    RETURN_IF_ERROR(ReadVariances());
    RETURN_IF_ERROR(ReadImage());
    return ReadStep();
  }

  absl::Status Reshape(absl::Span<const Shape> bottoms,
                       std::vector<Shape>* tops) override {
    for (int i = 0; i < 2; ++i) {
      if (bottoms[i].num_axes() != 4 || bottoms[i].Count(2) == 0) {
        return BottomError(absl::StrCat("bottom ", i, " of shape ",
                                        bottoms[i].ToString(),
                                        " is no (N, C, H, W) with pixels"));
      }
    }
    map_h_ = bottoms[0][2];
    map_w_ = bottoms[0][3];
    const float image_h = static_cast<float>(bottoms[1][2]);
    const float image_w = static_cast<float>(bottoms[1][3]);
    image_ = fixed_image_.w > 0 ? fixed_image_ : Size{image_w, image_h};
    step_ = fixed_step_.w > 0 ? fixed_step_
                              : Size{image_.w / static_cast<float>(map_w_),
                                     image_.h / static_cast<float>(map_h_)};
    // Each factor is below 2^31, and so must be the product.
    ASSIGN_OR_RETURN(const Shape cells, Shape::Create({map_h_, map_w_}));
    const int64_t boxes = static_cast<int64_t>(sizes_.size());
    ASSIGN_OR_RETURN((*tops)[0],
                     Shape::Create({1, 2, cells.num_elements() * boxes * 4}));
    return absl::OkStatus();
  }

  absl::Status Forward(Bottoms, Tops tops) override {
    float* y = tops[0]->DataToOverwrite();
    for (int64_t h = 0; h < map_h_; ++h) {
      for (int64_t w = 0; w < map_w_; ++w) {
        const Size center = {
            (static_cast<float>(w) + prior_box().offset()) * step_.w,
            (static_cast<float>(h) + prior_box().offset()) * step_.h};
        for (const Size& size : sizes_) y = WriteBox(center, size, y);
      }
    }
    float* const end = tops[0]->data() + tops[0]->num_elements();
    for (; y != end; y += 4) std::copy_n(variances_, 4, y);
    return absl::OkStatus();
  }

  bool IsDifferentiable(int) const override { return false; }

 private:
  const caffe::PriorBoxParameter& prior_box() const {
    return param().prior_box_param();
  }

  absl::Status ReadVariances() {
    const auto& variances = prior_box().variance();
    for (const float variance : variances) {
      RETURN_IF_ERROR(CheckPositive("prior_box_param.variance", variance));
    }
    if (variances.size() > 1 && variances.size() != 4) {
      return FieldError("prior_box_param.variance",
                        absl::StrCat("is given ", variances.size(),
                                     " times; give one or four"));
    }
    for (int i = 0; i < 4; ++i) {
      variances_[i] = variances.empty()
                          ? kDefaultVariance
                          : variances[variances.size() == 1 ? 0 : i];
    }
    return absl::OkStatus();
  }

  absl::Status ReadImage() {
    const caffe::PriorBoxParameter& p = prior_box();
    if (p.has_img_h() || p.has_img_w()) {
      if (p.has_img_size()) {
        return FieldError("prior_box_param.img_size",
                          "is given together with img_h or img_w; keep one");
      }
      fixed_image_ = {static_cast<float>(p.img_w()),
                      static_cast<float>(p.img_h())};
    } else if (p.has_img_size()) {
      fixed_image_ = {static_cast<float>(p.img_size()),
                      static_cast<float>(p.img_size())};
    } else {
      return absl::OkStatus();
    }
    RETURN_IF_ERROR(CheckPositive("prior_box_param.img_w", fixed_image_.w));
    return CheckPositive("prior_box_param.img_h", fixed_image_.h);
  }

  absl::Status ReadStep() {
    const caffe::PriorBoxParameter& p = prior_box();
    if (p.has_step_h() || p.has_step_w()) {
      if (p.has_step()) {
        return FieldError("prior_box_param.step",
                          "is given together with step_h or step_w; keep one");
      }
      fixed_step_ = {p.step_w(), p.step_h()};
    } else if (p.has_step()) {
      fixed_step_ = {p.step(), p.step()};
    } else {
      return absl::OkStatus();
    }
    RETURN_IF_ERROR(CheckPositive("prior_box_param.step_w", fixed_step_.w));
    return CheckPositive("prior_box_param.step_h", fixed_step_.h);
  }

  float* WriteBox(const Size& center, const Size& size, float* y) const {
    const float box[4] = {
        (center.w - size.w / 2) / image_.w, (center.h - size.h / 2) / image_.h,
        (center.w + size.w / 2) / image_.w, (center.h + size.h / 2) / image_.h};
    for (int i = 0; i < 4; ++i) {
      y[i] = prior_box().clip() ? std::clamp(box[i], 0.0f, 1.0f) : box[i];
    }
    return y + 4;
  }

  const SizesFunction read_sizes_;
  std::vector<Size> sizes_;
  float variances_[4] = {};
  Size fixed_image_ = {0, 0};  // 0: bottom 1's size.
  Size fixed_step_ = {0, 0};   // 0: the image's size / the map's.
  // Of the last Reshape().
  Size image_ = {0, 0};
  Size step_ = {0, 0};
  int64_t map_h_ = 0;
  int64_t map_w_ = 0;
};

}  // namespace

std::unique_ptr<Layer> MakePriorBoxLayer(const caffe::LayerParameter& param,
                                         caffe::Phase phase) {
  return std::make_unique<PriorBoxLayer>(param, phase, PriorBoxSizes);
}

std::unique_ptr<Layer> MakePriorBoxClusteredLayer(
    const caffe::LayerParameter& param, caffe::Phase phase) {
  return std::make_unique<PriorBoxLayer>(param, phase, ClusteredSizes);
}

}  // namespace quantd
