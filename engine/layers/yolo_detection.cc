// YoloDetection (Sophgo): detections of YOLOv3. Bottoms: maps of yolo_boxes.h
// with three anchors each, per anchor x, y, w, h, objectness, classes. Top (N,
// 1, keep_topk, 6): rows x, y, w, h (centre form, parts of the image), class,
// score in the order bottom, cell, anchor, then zeros. Objectness and score
// (objectness * softmax of the best class) must be at least obj_threshold. Of
// two overlapping boxes of a class the one with the lower score goes.
// Anchors: `anchors` (numbers separated by commas, six per bottom), or those of
// YOLOv3, or with `tiny` those of its small form, as pixels of the net's input.
#include <algorithm>
#include <memory>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "engine/core/layer.h"
#include "engine/layers/boxes.h"
#include "engine/layers/checks.h"
#include "engine/layers/yolo_boxes.h"

namespace quantd {
namespace {

constexpr int64_t kRowSize = 6;
constexpr int64_t kAnchors = 3;  // A map.
constexpr int64_t kMaxField = 1 << 24;

// YOLOv3's anchors, from the finest map.
constexpr float kAnchorSizes[] = {10, 13, 16,  30,  33, 23,  30,  61,  62,
                                  45, 59, 119, 116, 90, 156, 198, 373, 326};
constexpr float kTinyAnchorSizes[] = {10, 14, 23,  27,  37,  58,
                                      81, 82, 135, 169, 344, 319};

absl::string_view Message() { return "yolo_detection_param."; }

absl::Status CheckField(absl::string_view field, int64_t value) {
  return CheckSize(absl::StrCat(Message(), field), value, 1, kMaxField);
}

absl::StatusOr<std::vector<float>> ReadAnchors(
    const caffe::YoloDetectionParameter& p) {
  std::vector<float> anchors;
  if (p.has_anchors()) {
    for (const absl::string_view text :
         absl::StrSplit(p.anchors(), ',', absl::SkipWhitespace())) {
      float size = 0;
      if (!absl::SimpleAtof(text, &size) || !(size > 0)) {
        return FieldError(
            absl::StrCat(Message(), "anchors"),
            absl::StrCat("has \"", text, "\", which is no size above 0"));
      }
      anchors.push_back(size);
    }
    return anchors;
  }
  if (p.spp_net() || p.yolo_v4()) {
    return Error(absl::StatusCode::kUnimplemented, "NETWORK_UNSUPPORTED",
                 "spp_net and yolo_v4 need yolo_detection_param.anchors",
                 {{"field", "yolo_detection_param.anchors"}});
  }
  if (p.tiny()) {
    anchors.assign(std::begin(kTinyAnchorSizes), std::end(kTinyAnchorSizes));
  } else {
    anchors.assign(std::begin(kAnchorSizes), std::end(kAnchorSizes));
  }
  return anchors;
}

// What was found in one image.
struct Found {
  std::vector<YoloBox> boxes;
  std::vector<Box> corners;
  std::vector<float> scores;
  std::vector<int> labels;
};

class YoloDetectionLayer : public Layer {
 public:
  using Layer::Layer;

  absl::Status SetUp(absl::Span<const Shape> bottoms, int num_tops) override {
    RETURN_IF_ERROR(CheckArity(bottoms, {1, Arity::kAny}, num_tops, {1, 1}));
    RETURN_IF_ERROR(CheckField("class_num", yolo().class_num()));
    RETURN_IF_ERROR(CheckField("keep_topk", yolo().keep_topk()));
    RETURN_IF_ERROR(CheckField("net_input_h", yolo().net_input_h()));
    RETURN_IF_ERROR(CheckField("net_input_w", yolo().net_input_w()));
    ASSIGN_OR_RETURN(anchors_, ReadAnchors(yolo()));
    const size_t needed = bottoms.size() * kAnchors * 2;
    if (anchors_.size() >= needed) return absl::OkStatus();
    return FieldError(absl::StrCat(Message(), "anchors"),
                      absl::StrCat("has ", anchors_.size(), " numbers, but ",
                                   bottoms.size(), " bottoms need ", needed));
  }

  absl::Status Reshape(absl::Span<const Shape> bottoms,
                       std::vector<Shape>* tops) override {
    for (size_t i = 0; i < bottoms.size(); ++i) {
      RETURN_IF_ERROR(CheckYoloMap(bottoms, static_cast<int>(i),
                                   kAnchors * values_per_anchor()));
    }
    ASSIGN_OR_RETURN((*tops)[0], Shape::Create({bottoms[0][0], 1,
                                                yolo().keep_topk(), kRowSize}));
    return absl::OkStatus();
  }

  absl::Status Forward(Bottoms bottoms, Tops tops) override {
    float* y = tops[0]->DataToOverwrite();
    std::fill_n(y, tops[0]->num_elements(), 0.0f);
    const int64_t keep = yolo().keep_topk();
    for (int64_t item = 0; item < tops[0]->shape()[0]; ++item) {
      const Found found = Detect(bottoms, item);
      std::vector<int> kept =
          SuppressPairs(found.corners, found.scores, found.labels,
                        yolo().nms_threshold(), kRelativeEnds);
      if (static_cast<int64_t>(kept.size()) > keep) kept.resize(keep);
      float* row = y + item * keep * kRowSize;
      for (const int i : kept) {
        const YoloBox& box = found.boxes[i];
        const float values[kRowSize] = {box.x,
                                        box.y,
                                        box.w,
                                        box.h,
                                        static_cast<float>(found.labels[i]),
                                        found.scores[i]};
        row = std::copy_n(values, kRowSize, row);
      }
    }
    return absl::OkStatus();
  }

  bool IsDifferentiable(int) const override { return false; }

 private:
  const caffe::YoloDetectionParameter& yolo() const {
    return param().yolo_detection_param();
  }
  int64_t values_per_anchor() const { return 5 + int64_t{yolo().class_num()}; }

  Found Detect(Bottoms bottoms, int64_t item) const {
    Found found;
    for (size_t i = 0; i < bottoms.size(); ++i) {
      const YoloMap map = MapOf(*bottoms[i], item, values_per_anchor());
      for (int64_t cell = 0; cell < map.height * map.width; ++cell) {
        for (int64_t anchor = 0; anchor < kAnchors; ++anchor) {
          const float* sizes =
              &anchors_[(static_cast<int64_t>(i) * kAnchors + anchor) * 2];
          DetectOne(map, anchor, cell, sizes, &found);
        }
      }
    }
    return found;
  }

  void DetectOne(const YoloMap& map, int64_t anchor, int64_t cell,
                 const float* sizes, Found* found) const {
    const float threshold = yolo().obj_threshold();
    const float* values = map.At(anchor, cell);
    const float objectness = YoloSigmoid(values[4 * map.stride()]);
    if (!(objectness >= threshold)) return;
    const ClassScore best =
        BestClass(values + 5 * map.stride(), map.stride(), yolo().class_num());
    const float score = objectness * best.probability;
    if (!(score >= threshold)) return;
    const YoloBox box = DecodeYolo(
        map, anchor, cell, sizes[0] / static_cast<float>(yolo().net_input_w()),
        sizes[1] / static_cast<float>(yolo().net_input_h()));
    found->boxes.push_back(box);
    found->corners.push_back(box.Corners());
    found->scores.push_back(score);
    found->labels.push_back(best.label);
  }

  std::vector<float> anchors_;  // Widths and heights in turn.
};

}  // namespace

std::unique_ptr<Layer> MakeYoloDetectionLayer(
    const caffe::LayerParameter& param, caffe::Phase phase) {
  return std::make_unique<YoloDetectionLayer>(param, phase);
}

}  // namespace quantd
