// YoloDetectionOutput (YOLOv2) and Yolov3DetectionOutput (MobileNet-YOLO).
// Bottoms: one or more maps of yolo_boxes.h; top: rows of detection_rows.h,
// label counted from 1, all labelled image 0, by descending score, after a
// suppression over all classes, maps and images that drops overlaps of
// nms_threshold or more.
// YoloDetectionOutput: per anchor x, y, w, h, objectness, classes; anchors
//   (`biases`) in cells, the same for all maps; score = sigmoid(objectness) *
//   softmax of the best class, at least confidence_threshold.
// Yolov3DetectionOutput: anchors in pixels of the net's input, which is the
//   map's size * anchors_scale; each map's share of `mask` says which; a
//   detection for each class with sigmoid(objectness) * sigmoid(class) above
//   confidence_threshold. gaussian_box: x, y, w, h are followed by the logits
//   of their deviations s, and scores are multiplied by the mean of 1 - s.
#include <cmath>
#include <memory>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "engine/core/layer.h"
#include "engine/layers/boxes.h"
#include "engine/layers/checks.h"
#include "engine/layers/detection_rows.h"
#include "engine/layers/yolo_boxes.h"

namespace quantd {
namespace {

class YoloDetectionOutputLayer : public Layer {
 public:
  using Layer::Layer;

  absl::Status Reshape(absl::Span<const Shape> bottoms,
                       std::vector<Shape>* tops) override {
    for (size_t i = 0; i < bottoms.size(); ++i) {
      RETURN_IF_ERROR(CheckYoloMap(bottoms, static_cast<int>(i),
                                   num_anchors_ * values_per_anchor_));
    }
    (*tops)[0] = NoDetectionsShape();
    return absl::OkStatus();
  }

  absl::Status Forward(Bottoms bottoms, Tops tops) override {
    const int64_t num_items = bottoms[0]->shape()[0];
    std::vector<Detection> all;
    for (size_t i = 0; i < bottoms.size(); ++i) {
      for (int64_t item = 0; item < num_items; ++item) {
        const YoloMap map = MapOf(*bottoms[i], item, values_per_anchor_);
        for (int64_t cell = 0; cell < map.height * map.width; ++cell) {
          for (int64_t anchor = 0; anchor < num_anchors_; ++anchor) {
            Detect(map, static_cast<int>(i), anchor, cell, &all);
          }
        }
      }
    }
    return WriteDetections(Suppress(all), num_items, tops[0]);
  }

  bool IsDifferentiable(int) const override { return false; }

 protected:
  // Appends the detections of one anchor in one cell of bottom `index`.
  virtual void Detect(const YoloMap& map, int index, int64_t anchor,
                      int64_t cell, std::vector<Detection>* found) const = 0;

  // Set by SetUp().
  int64_t num_anchors_ = 0;
  int64_t values_per_anchor_ = 0;
  float nms_threshold_ = 0;

 private:
  std::vector<Detection> Suppress(const std::vector<Detection>& all) const {
    std::vector<float> scores;
    std::vector<Box> boxes;
    for (const Detection& d : all) {
      scores.push_back(d.score);
      boxes.push_back(d.box);
    }
    NmsOptions options;
    options.threshold = nms_threshold_;
    options.drops_equal = true;
    std::vector<Detection> kept;
    for (const int i : Nms(boxes, TopScores(scores, -INFINITY, -1), options)) {
      kept.push_back(all[i]);
    }
    return kept;
  }
};

class YoloV2Layer : public YoloDetectionOutputLayer {
 public:
  using YoloDetectionOutputLayer::YoloDetectionOutputLayer;

  absl::Status SetUp(absl::Span<const Shape> bottoms, int num_tops) override {
    RETURN_IF_ERROR(CheckArity(bottoms, {1, Arity::kAny}, num_tops, {1, 1}));
    RETURN_IF_ERROR(CheckSize("yolo_detection_output_param.num_classes",
                              yolo().num_classes()));
    RETURN_IF_ERROR(
        CheckSize("yolo_detection_output_param.num_box", yolo().num_box()));
    if (yolo().coords() != 4) {
      return FieldError("yolo_detection_output_param.coords", "must be 4");
    }
    num_anchors_ = yolo().num_box();
    if (yolo().biases_size() < 2 * num_anchors_) {
      return FieldError(
          "yolo_detection_output_param.biases",
          absl::StrCat("is given ", yolo().biases_size(), " times; num_box ",
                       num_anchors_, " needs a width and a height each"));
    }
    values_per_anchor_ = 5 + yolo().num_classes();
    nms_threshold_ = yolo().nms_threshold();
    return absl::OkStatus();
  }

 protected:
  void Detect(const YoloMap& map, int, int64_t anchor, int64_t cell,
              std::vector<Detection>* found) const override {
    const float* values = map.At(anchor, cell);
    const ClassScore best = BestClass(values + 5 * map.stride(), map.stride(),
                                      yolo().num_classes());
    const float score =
        YoloSigmoid(values[4 * map.stride()]) * best.probability;
    if (!(score >= yolo().confidence_threshold())) return;
    const int a = static_cast<int>(anchor);
    const YoloBox box = DecodeYolo(
        map, anchor, cell, yolo().biases(2 * a) / static_cast<float>(map.width),
        yolo().biases(2 * a + 1) / static_cast<float>(map.height));
    found->push_back({0, best.label + 1, score, box.Corners()});
  }

 private:
  const caffe::YoloDetectionOutputParameter& yolo() const {
    return param().yolo_detection_output_param();
  }
};

class YoloV3Layer : public YoloDetectionOutputLayer {
 public:
  using YoloDetectionOutputLayer::YoloDetectionOutputLayer;

  absl::Status SetUp(absl::Span<const Shape> bottoms, int num_tops) override {
    RETURN_IF_ERROR(CheckArity(bottoms, {1, Arity::kAny}, num_tops, {1, 1}));
    RETURN_IF_ERROR(CheckSize("yolov3_detection_output_param.num_classes",
                              yolo().num_classes()));
    RETURN_IF_ERROR(
        CheckSize("yolov3_detection_output_param.num_box", yolo().num_box()));
    num_anchors_ = yolo().num_box();
    if (yolo().gaussian_box()) {
      return Error(absl::StatusCode::kUnimplemented, "NETWORK_UNSUPPORTED",
                   "yolov3_detection_output_param.gaussian_box is not run: how "
                   "deviations weigh scores is not public; remove the layer "
                   "and decode its bottoms yourself",
                   {{"field", "yolov3_detection_output_param.gaussian_box"}});
    }
    values_per_anchor_ = 5 + yolo().num_classes();
    nms_threshold_ = yolo().nms_threshold();
    return ReadMasks(static_cast<int>(bottoms.size()));
  }

 protected:
  void Detect(const YoloMap& map, int index, int64_t anchor, int64_t cell,
              std::vector<Detection>* found) const override {
    const float* values = map.At(anchor, cell);
    const int64_t stride = map.stride();
    const float objectness = YoloSigmoid(values[4 * stride]);
    const float net_w =
        static_cast<float>(map.width * yolo().anchors_scale(index));
    const float net_h =
        static_cast<float>(map.height * yolo().anchors_scale(index));
    const int bias =
        2 * static_cast<int>(
                yolo().mask(index * masks_per_map_ + static_cast<int>(anchor)));
    const Box box = DecodeYolo(map, anchor, cell, yolo().biases(bias) / net_w,
                               yolo().biases(bias + 1) / net_h)
                        .Corners();
    const float* classes = values + 5 * stride;
    for (int label = 0; label < static_cast<int>(yolo().num_classes());
         ++label) {
      const float score = objectness * YoloSigmoid(classes[label * stride]);
      if (!(score > yolo().confidence_threshold())) continue;
      found->push_back({0, label + 1, score, box});
    }
  }

 private:
  const caffe::YoloV3DetectionOutputParameter& yolo() const {
    return param().yolov3_detection_output_param();
  }

  absl::Status ReadMasks(int num_maps) {
    if (static_cast<int>(yolo().mask_group_num()) != num_maps) {
      return FieldError("yolov3_detection_output_param.mask_group_num",
                        absl::StrCat("is ", yolo().mask_group_num(), " for ",
                                     num_maps, " bottoms"));
    }
    masks_per_map_ = yolo().mask_size() / num_maps;
    if (masks_per_map_ < num_anchors_) {
      return FieldError(
          "yolov3_detection_output_param.mask",
          absl::StrCat("is given ", yolo().mask_size(), " times; ", num_maps,
                       " bottoms need ", num_anchors_, " each"));
    }
    for (const uint32_t mask : yolo().mask()) {
      if (2 * int64_t{mask} + 1 < yolo().biases_size()) continue;
      return FieldError("yolov3_detection_output_param.mask",
                        absl::StrCat("is ", mask, ", but there are ",
                                     yolo().biases_size() / 2,
                                     " pairs of biases, counted from 0"));
    }
    if (yolo().anchors_scale_size() < num_maps) {
      return FieldError("yolov3_detection_output_param.anchors_scale",
                        "must be given for each bottom");
    }
    for (const uint32_t scale : yolo().anchors_scale()) {
      RETURN_IF_ERROR(
          CheckSize("yolov3_detection_output_param.anchors_scale", scale));
    }
    return absl::OkStatus();
  }

  int masks_per_map_ = 0;
};

}  // namespace

std::unique_ptr<Layer> MakeYoloDetectionOutputLayer(
    const caffe::LayerParameter& param, caffe::Phase phase) {
  return std::make_unique<YoloV2Layer>(param, phase);
}

std::unique_ptr<Layer> MakeYolov3DetectionOutputLayer(
    const caffe::LayerParameter& param, caffe::Phase phase) {
  return std::make_unique<YoloV3Layer>(param, phase);
}

}  // namespace quantd
