// SPP, spatial pyramid pooling (He et al., 2014): level l pools (N, C, H, W)
// into 2^l x 2^l bins, flattened to (N, C * 4^l); the levels are joined along
// axis 1. A pyramid of one level stays (N, C, 1, 1).
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/core/layer.h"
#include "engine/kernels/pool_geometry.h"
#include "engine/layers/checks.h"
#include "engine/layers/join_blocks.h"
#include "engine/layers/pooler.h"

namespace quantd {
namespace {

PoolGeometry::Method MethodOf(const caffe::SPPParameter& spp) {
  switch (spp.pool()) {
    case caffe::SPPParameter::AVE:
      return PoolGeometry::kAverage;
    case caffe::SPPParameter::STOCHASTIC:
      return PoolGeometry::kStochastic;
    default:
      return PoolGeometry::kMax;
  }
}

// The smallest window of which `bins` cover `size` pixels, and the padding that
// centers them.
struct Bins {
  int64_t kernel;
  int64_t pad;
};

Bins MakeBins(int64_t size, int64_t bins) {
  const int64_t kernel = (size + bins - 1) / bins;
  return {kernel, (kernel * bins - size + 1) / 2};
}

class SppLayer : public Layer {
 public:
  using Layer::Layer;

  absl::Status SetUp(absl::Span<const Shape> bottoms, int num_tops) override {
    RETURN_IF_ERROR(CheckArity(bottoms, {1, 1}, num_tops, {1, 1}));
    if (param().spp_param().pyramid_height() < 1) {
      return FieldError("spp_param.pyramid_height", "must be positive");
    }
    return absl::OkStatus();
  }

  absl::Status Reshape(absl::Span<const Shape> bottoms,
                       std::vector<Shape>* tops) override {
    const Shape& bottom = bottoms[0];
    if (bottom.num_axes() != 4 || bottom[2] < 1 || bottom[3] < 1) {
      return BottomError(absl::StrCat("a bottom of shape ", bottom.ToString(),
                                      " is not (N, C, H, W) with pixels"));
    }
    // Ends before the heights that 2^level cannot express: levels with more
    // bins than pixels are errors.
    const uint32_t height = param().spp_param().pyramid_height();
    int64_t values = 0;
    for (uint32_t level = 0; level < height; ++level) {
      if (level == levels_.size()) {
        levels_.push_back(std::make_unique<Level>(phase()));
        // Each level has random numbers of its own.
        levels_.back()->pooler.SetSeed(Seed() + level);
      }
      RETURN_IF_ERROR(ReshapeLevel(bottom, level));
      values += levels_[level]->shape.Count(1);
    }
    if (height == 1) {
      (*tops)[0] = levels_[0]->shape;
      return absl::OkStatus();
    }
    ASSIGN_OR_RETURN((*tops)[0], Shape::Create({bottom[0], values}));
    return absl::OkStatus();
  }

  absl::Status Forward(Bottoms bottoms, Tops tops) override {
    std::vector<const Tensor*> parts;
    parts.reserve(levels_.size());
    for (const auto& level : levels_) {
      Tensor* pooled = &level->values;
      if (levels_.size() == 1) {
        pooled = tops[0];
      } else {
        RETURN_IF_ERROR(pooled->Resize(level->shape));
      }
      RETURN_IF_ERROR(
          level->pooler.Forward(level->geometry, *bottoms[0], pooled, nullptr));
      parts.push_back(pooled);
    }
    if (levels_.size() > 1) {
      JoinBlocks(parts, bottoms[0]->shape()[0], tops[0]);
    }
    return absl::OkStatus();
  }

  absl::Status Backward(const BackwardPass& pass) override {
    const Tensor& bottom = *pass.bottoms[0];
    if (levels_.size() == 1) {
      return levels_[0]->pooler.Backward(levels_[0]->geometry, bottom,
                                         *pass.top_diffs[0],
                                         pass.bottom_diffs[0]);
    }
    std::vector<const Tensor*> like;
    std::vector<Tensor*> parts;
    like.reserve(levels_.size());
    parts.reserve(levels_.size());
    for (const auto& level : levels_) {
      RETURN_IF_ERROR(level->values_diff.Resize(level->shape));
      like.push_back(&level->values_diff);
      parts.push_back(&level->values_diff);
    }
    PartBlocks(*pass.top_diffs[0], bottom.shape()[0], like, parts);
    return AddLevels(bottom, pass.bottom_diffs[0]);
  }

  absl::Status SkipPasses(int64_t passes) override {
    for (const auto& level : levels_) level->pooler.SkipPasses(passes);
    return absl::OkStatus();
  }

 private:
  struct Level {
    explicit Level(caffe::Phase phase) : pooler(phase) {}

    PoolGeometry geometry;
    Shape shape;
    Pooler pooler;
    Tensor values;
    Tensor values_diff;
  };

  absl::Status ReshapeLevel(const Shape& bottom, uint32_t index) {
    const int64_t bins = int64_t{1} << index;
    const Bins rows = MakeBins(bottom[2], bins);
    const Bins columns = MakeBins(bottom[3], bins);
    if (rows.pad >= rows.kernel || columns.pad >= columns.kernel) {
      return FieldError(
          "spp_param.pyramid_height",
          absl::StrCat("is too large: level ", index, " has ", bins, "x", bins,
                       " bins, for which a bottom of shape ", bottom.ToString(),
                       " would need padding as large as the bins"));
    }
    Level& level = *levels_[index];
    level.geometry.method = MethodOf(param().spp_param());
    level.geometry.kernel =
        level.geometry.stride = {rows.kernel, columns.kernel};
    level.geometry.pad = {rows.pad, columns.pad};
    if (level.geometry.IsPadded() &&
        level.geometry.method == PoolGeometry::kStochastic) {
      return FieldError(
          "spp_param.pool",
          absl::StrCat("is STOCHASTIC, but level ", index,
                       " needs padding for a bottom of shape ",
                       bottom.ToString(), "; that is for MAX and AVE only"));
    }
    ASSIGN_OR_RETURN(level.shape,
                     Pooler::OutputShape(level.geometry, bottom,
                                         "spp_param.pyramid_height"));
    return absl::OkStatus();
  }

  // The bottom's gradient from those of the levels' values.
  absl::Status AddLevels(const Tensor& bottom, Tensor* bottom_diff) {
    Tensor one;
    RETURN_IF_ERROR(one.Resize(bottom.shape()));
    for (size_t i = 0; i < levels_.size(); ++i) {
      Level& level = *levels_[i];
      Tensor* diff = i == 0 ? bottom_diff : &one;
      RETURN_IF_ERROR(level.pooler.Backward(level.geometry, bottom,
                                            level.values_diff, diff));
      if (i == 0) continue;
      const float* from = one.data();
      float* to = bottom_diff->data();
      for (int64_t k = 0; k < one.num_elements(); ++k) to[k] += from[k];
    }
    return absl::OkStatus();
  }

  std::vector<std::unique_ptr<Level>> levels_;
};

}  // namespace

std::unique_ptr<Layer> MakeSppLayer(const caffe::LayerParameter& param,
                                    caffe::Phase phase) {
  return std::make_unique<SppLayer>(param, phase);
}

}  // namespace quantd
