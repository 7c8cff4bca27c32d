// ContrastiveLoss of pairs (a, b): d^2 for pairs that are alike (bottom 2 is
// not 0), max(margin - d, 0)^2 for others, d the Euclidean distance;
// legacy_version has max(margin - d^2, 0). Divided by 2 * pairs.
#include <algorithm>
#include <cmath>
#include <memory>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "engine/layers/checks.h"
#include "engine/layers/loss_layer.h"

namespace quantd {
namespace {

class ContrastiveLossLayer : public LossLayer {
 public:
  using LossLayer::LossLayer;

  absl::Status SetUp(absl::Span<const Shape> bottoms, int num_tops) override {
    return CheckArity(bottoms, {3, 3}, num_tops, {1, 1});
  }

  absl::Status Reshape(absl::Span<const Shape> bottoms,
                       std::vector<Shape>* tops) override {
    RETURN_IF_ERROR(CheckSameItems(bottoms[0], bottoms[1]));
    num_pairs_ = bottoms[0][0];
    num_channels_ = bottoms[0].Count(1);
    if (bottoms[2].num_elements() != num_pairs_) {
      return BottomError(absl::StrCat("bottom 2 (", bottoms[2].ToString(),
                                      ") must have one value a pair, ",
                                      num_pairs_));
    }
    (*tops)[0] = Shape();
    return absl::OkStatus();
  }

  absl::Status Forward(Bottoms bottoms, Tops tops) override {
    const float margin = param().contrastive_loss_param().margin();
    const bool legacy = param().contrastive_loss_param().legacy_version();
    double sum = 0;
    for (int64_t pair = 0; pair < num_pairs_; ++pair) {
      const float squared = SquaredDistance(bottoms, pair);
      ASSIGN_OR_RETURN(const bool alike, IsAlike(bottoms, pair));
      if (alike) {
        sum += squared;
      } else if (legacy) {
        sum += std::max(margin - squared, 0.0f);
      } else {
        const float gap = std::max(margin - std::sqrt(squared), 0.0f);
        sum += gap * gap;
      }
    }
    *tops[0]->data() = static_cast<float>(sum / 2 / NumPairs());
    return absl::OkStatus();
  }

  // da = -db = factor * (a - b), a factor for each pair.
  absl::Status Backward(const BackwardPass& pass) override {
    const float scale =
        static_cast<float>(*pass.top_diffs[0]->data() / NumPairs());
    const float* a = pass.bottoms[0]->data();
    const float* b = pass.bottoms[1]->data();
    for (int64_t pair = 0; pair < num_pairs_; ++pair) {
      ASSIGN_OR_RETURN(const float factor, Factor(pass.bottoms, pair));
      for (int64_t i = pair * num_channels_; i < (pair + 1) * num_channels_;
           ++i) {
        const float diff = factor == 0 ? 0 : scale * factor * (a[i] - b[i]);
        if (pass.bottom_diffs[0]) pass.bottom_diffs[0]->data()[i] = diff;
        if (pass.bottom_diffs[1]) pass.bottom_diffs[1]->data()[i] = -diff;
      }
    }
    return absl::OkStatus();
  }

  bool IsDifferentiable(int bottom) const override { return bottom < 2; }

 private:
  double NumPairs() const {
    return static_cast<double>(std::max(num_pairs_, int64_t{1}));
  }

  absl::StatusOr<bool> IsAlike(Bottoms bottoms, int64_t pair) const {
    const float value = bottoms[2]->data()[pair];
    // Fractions are cut off, as in Caffe.
    if (std::isfinite(value)) return std::trunc(value) != 0;
    return Error(absl::StatusCode::kInvalidArgument, "LABEL_OUT_OF_RANGE",
                 absl::StrCat("bottom 2 says ", value, " of pair ", pair,
                              "; it must be 0 (different) or 1 (alike)"),
                 {{"value", absl::StrCat(value)}, {"allowed", "0 to 1"}});
  }

  float SquaredDistance(Bottoms bottoms, int64_t pair) const {
    const float* a = bottoms[0]->data() + pair * num_channels_;
    const float* b = bottoms[1]->data() + pair * num_channels_;
    float sum = 0;
    for (int64_t i = 0; i < num_channels_; ++i) {
      sum += (a[i] - b[i]) * (a[i] - b[i]);
    }
    return sum;
  }

  // Caffe adds 1e-4 to the distance that it divides by.
  absl::StatusOr<float> Factor(Bottoms bottoms, int64_t pair) const {
    const float margin = param().contrastive_loss_param().margin();
    const float squared = SquaredDistance(bottoms, pair);
    ASSIGN_OR_RETURN(const bool alike, IsAlike(bottoms, pair));
    if (alike) return 1.0f;
    if (param().contrastive_loss_param().legacy_version()) {
      return margin - squared > 0 ? -1.0f : 0.0f;
    }
    const float distance = std::sqrt(squared);
    const float gap = margin - distance;
    return gap > 0 ? -gap / (distance + 1e-4f) : 0.0f;
  }

  int64_t num_pairs_ = 0;
  int64_t num_channels_ = 0;
};

}  // namespace

std::unique_ptr<Layer> MakeContrastiveLossLayer(
    const caffe::LayerParameter& param, caffe::Phase phase) {
  return std::make_unique<ContrastiveLossLayer>(param, phase);
}

}  // namespace quantd
