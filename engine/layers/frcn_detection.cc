// FrcnDetection (Sophgo): the last step of Faster R-CNN. Bottoms: deltas (R,
// classes * 4), scores (R, classes), rois. Top (1, 1, keep_topk, 6): rows x1,
// y1, x2, y2, class, score in the order region, class, without class 0, then
// zeros. Of two overlapping boxes of a class the one with the lower score goes;
// boxes are not clipped.
#include <algorithm>
#include <memory>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/core/layer.h"
#include "engine/layers/boxes.h"
#include "engine/layers/checks.h"
#include "engine/layers/rois.h"

namespace quantd {
namespace {

constexpr int64_t kRowSize = 6;
constexpr int64_t kMaxField = 1 << 24;

class FrcnDetectionLayer : public Layer {
 public:
  using Layer::Layer;

  absl::Status SetUp(absl::Span<const Shape> bottoms, int num_tops) override {
    RETURN_IF_ERROR(CheckArity(bottoms, {3, 3}, num_tops, {1, 1}));
    RETURN_IF_ERROR(CheckSize("frcn_detection_param.class_num",
                              frcn().class_num(), 1, kMaxField));
    return CheckSize("frcn_detection_param.keep_topk", frcn().keep_topk(), 1,
                     kMaxField);
  }

  absl::Status Reshape(absl::Span<const Shape> bottoms,
                       std::vector<Shape>* tops) override {
    ASSIGN_OR_RETURN(const int64_t regions, CountRois(bottoms[2]));
    const int64_t classes = frcn().class_num();
    if (bottoms[0].num_elements() != regions * classes * 4 ||
        bottoms[1].num_elements() != regions * classes) {
      return BottomError(
          absl::StrCat("bottoms 0 and 1 have shapes ", bottoms[0].ToString(),
                       " and ", bottoms[1].ToString(), ", but ", regions,
                       " rois of ", classes, " classes need ", regions, "x",
                       classes * 4, " and ", regions, "x", classes));
    }
    ASSIGN_OR_RETURN((*tops)[0],
                     Shape::Create({1, 1, frcn().keep_topk(), kRowSize}));
    return absl::OkStatus();
  }

  absl::Status Forward(Bottoms bottoms, Tops tops) override {
    // All regions are of one image.
    ASSIGN_OR_RETURN(const std::vector<Roi> rois,
                     ReadRois(*bottoms[2], /*num_items=*/1));
    const int64_t classes = frcn().class_num();
    std::vector<Box> boxes;
    std::vector<float> scores;
    std::vector<int> labels;
    for (size_t r = 0; r < rois.size(); ++r) {
      for (int64_t c = 1; c < classes; ++c) {
        const int64_t index = static_cast<int64_t>(r) * classes + c;
        const float score = bottoms[1]->data()[index];
        if (!(score > frcn().obj_threshold())) continue;
        boxes.push_back(
            DecodeAnchor(rois[r].box, bottoms[0]->data() + index * 4));
        scores.push_back(score);
        labels.push_back(static_cast<int>(c));
      }
    }
    float* y = tops[0]->DataToOverwrite();
    std::fill_n(y, tops[0]->num_elements(), 0.0f);
    float* const end = y + tops[0]->num_elements();
    // That fork's areas have the last pixel, its intersections have not.
    for (const int i : SuppressPairs(boxes, scores, labels,
                                     frcn().nms_threshold(), BoxEnds{1, 0})) {
      if (y == end) break;
      const float row[kRowSize] = {boxes[i].x1,
                                   boxes[i].y1,
                                   boxes[i].x2,
                                   boxes[i].y2,
                                   static_cast<float>(labels[i]),
                                   scores[i]};
      y = std::copy_n(row, kRowSize, y);
    }
    return absl::OkStatus();
  }

  bool IsDifferentiable(int) const override { return false; }

 private:
  const caffe::FrcnDetectionParameter& frcn() const {
    return param().frcn_detection_param();
  }
};

}  // namespace

std::unique_ptr<Layer> MakeFrcnDetectionLayer(
    const caffe::LayerParameter& param, caffe::Phase phase) {
  return std::make_unique<FrcnDetectionLayer>(param, phase);
}

}  // namespace quantd
