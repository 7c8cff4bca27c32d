// Nms: non-maximum suppression of a table of boxes, for nets of SS928, which
// publishes its inputs but not its fields.
// Bottoms: boxes (N, C, 6, B), rows x1, y1, x2, y2, score, class, a column a
// box; optionally four values: overlap and score thresholds, least height,
// least width. Without them the thresholds are detection_output_param's
// nms_threshold, confidence_threshold, and no least size.
// Top: of bottom 0's shape. Each table (n, c) has the kept boxes first, by
// descending score, equal ones in their order, and 0 behind them. A box is kept
// whose score is above the threshold, that is large enough and overlaps no kept
// one by more than the threshold; a class is not looked at.
#include <algorithm>
#include <cfloat>
#include <cmath>
#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/core/layer.h"
#include "engine/layers/boxes.h"
#include "engine/layers/checks.h"

namespace quantd {
namespace {

constexpr int64_t kNumRows = 6;
constexpr int64_t kScoreRow = 4;
constexpr int64_t kNumThresholds = 4;

struct Thresholds {
  float overlap = 0;
  float score = 0;
  float height = 0;
  float width = 0;
};

class NmsLayer : public Layer {
 public:
  using Layer::Layer;

  absl::Status SetUp(absl::Span<const Shape> bottoms, int num_tops) override {
    return CheckArity(bottoms, {1, 2}, num_tops, {1, 1});
  }

  absl::Status Reshape(absl::Span<const Shape> bottoms,
                       std::vector<Shape>* tops) override {
    const Shape& boxes = bottoms[0];
    if (boxes.num_axes() != 4 || boxes[2] != kNumRows) {
      return BottomError(absl::StrCat("bottom 0 of shape ", boxes.ToString(),
                                      " must be boxes of shape N x C x 6 x B"));
    }
    if (boxes[3] > INT32_MAX) return BottomError("bottom 0 has too many boxes");
    if (bottoms.size() > 1 && bottoms[1].num_elements() != kNumThresholds) {
      return BottomError(absl::StrCat("bottom 1 of shape ",
                                      bottoms[1].ToString(),
                                      " must have four values"));
    }
    (*tops)[0] = boxes;
    return absl::OkStatus();
  }

  absl::Status Forward(Bottoms bottoms, Tops tops) override {
    ASSIGN_OR_RETURN(const Thresholds thresholds,
                     ReadThresholds(bottoms.size() > 1 ? bottoms[1] : nullptr));
    const Shape& shape = bottoms[0]->shape();
    const float* x = bottoms[0]->data();
    float* y = tops[0]->DataToOverwrite();
    std::fill_n(y, shape.num_elements(), 0.0f);
    for (int64_t table = 0; table < shape.Count(0, 2); ++table) {
      const int64_t offset = table * kNumRows * shape[3];
      Suppress(x + offset, shape[3], thresholds, y + offset);
    }
    return absl::OkStatus();
  }

  bool IsDifferentiable(int bottom) const override { return false; }

 private:
  absl::StatusOr<Thresholds> ReadThresholds(const Tensor* given) const {
    const caffe::DetectionOutputParameter& p = param().detection_output_param();
    Thresholds thresholds;
    thresholds.overlap = p.nms_threshold();
    thresholds.score =
        p.has_confidence_threshold() ? p.confidence_threshold() : -FLT_MAX;
    if (given != nullptr) {
      const float* values = given->data();
      thresholds = {values[0], values[1], values[2], values[3]};
    }
    for (const float value : {thresholds.overlap, thresholds.score,
                              thresholds.height, thresholds.width}) {
      if (!std::isfinite(value)) {
        return InputError("a threshold is no finite number");
      }
    }
    return thresholds;
  }

  // Of one table of `count` boxes; `y` is zero.
  static void Suppress(const float* x, int64_t count,
                       const Thresholds& thresholds, float* y) {
    std::vector<Box> boxes(count);
    for (int64_t i = 0; i < count; ++i) {
      boxes[i] = {x[i], x[count + i], x[2 * count + i], x[3 * count + i]};
    }
    std::vector<int> order =
        TopScores({x + kScoreRow * count, static_cast<size_t>(count)},
                  thresholds.score, /*top_k=*/-1);
    const auto is_small = [&](int i) {
      return !(boxes[i].y2 - boxes[i].y1 >= thresholds.height &&
               boxes[i].x2 - boxes[i].x1 >= thresholds.width);
    };
    order.erase(std::remove_if(order.begin(), order.end(), is_small),
                order.end());
    NmsOptions options;
    options.threshold = thresholds.overlap;
    for (const int kept : Nms(boxes, order, options)) {
      for (int64_t row = 0; row < kNumRows; ++row) {
        y[row * count] = x[row * count + kept];
      }
      ++y;
    }
  }
};

}  // namespace

std::unique_ptr<Layer> MakeNmsLayer(const caffe::LayerParameter& param,
                                    caffe::Phase phase) {
  return std::make_unique<NmsLayer>(param, phase);
}

}  // namespace quantd
