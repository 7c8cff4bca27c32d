// DetectionOutput (SSD) and SSDDetectionOutput (CANN): boxes from priors.
// Bottoms: offsets (N, P * L * 4), scores (N, P * classes), priors (1, 2, P *
// 4) (boxes, variances); L = 1 with share_location, else the classes. Top: rows
// of detection_rows.h. Per image and class but the background: boxes whose
// score is above confidence_threshold, the top_k best of them, non-maximum
// suppression; of all classes together the keep_top_k best. Rows go by image,
// class, descending score. Boxes are not clipped. Not here: SS928's DecBBox,
// Sort, Nms and FilterBox, whose anchor files and fields are not public.
#include <algorithm>
#include <cfloat>
#include <cmath>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "engine/core/layer.h"
#include "engine/layers/boxes.h"
#include "engine/layers/checks.h"
#include "engine/layers/detection_rows.h"

namespace quantd {
namespace {

constexpr int kMaxClasses = 1 << 20;

// What both parameter messages say.
struct Options {
  int64_t num_classes = 0;
  bool share_location = true;
  int background = 0;
  BoxCode code = BoxCode::kCorner;
  bool variance_is_encoded = false;  // The offsets are scaled already.
  float confidence_threshold = -FLT_MAX;
  int64_t top_k = -1;
  int64_t keep_top_k = -1;
  NmsOptions nms;
};

absl::Status Unsupported(absl::string_view problem) {
  return Error(absl::StatusCode::kUnimplemented, "NETWORK_UNSUPPORTED",
               absl::StrCat(problem,
                            "; only SSD's form (offsets, scores, "
                            "priors) is supported"));
}

// Absent fields: SSD's defaults if there is an nms_param, ATC's otherwise.
absl::StatusOr<Options> ReadOptions(const caffe::DetectionOutputParameter& p) {
  if (p.biases_size() > 0) {
    return Unsupported("detection_output_param.biases is a region layer's");
  }
  const bool is_ssd = p.has_nms_param();
  Options options;
  options.num_classes = p.num_classes();
  options.share_location = p.share_location();
  options.background = p.background_label_id();
  if (p.has_code_type()) {
    options.code = static_cast<BoxCode>(p.code_type());
  } else if (!is_ssd) {
    options.code = BoxCode::kCenterSize;
  }
  options.variance_is_encoded = p.has_variance_encoded_in_target()
                                    ? p.variance_encoded_in_target()
                                    : !is_ssd;
  if (p.has_confidence_threshold()) {
    options.confidence_threshold = p.confidence_threshold();
  }
  options.keep_top_k = p.keep_top_k();
  if (p.has_top_k()) options.top_k = p.top_k();
  options.nms.threshold = p.nms_threshold();
  if (is_ssd) {
    options.nms.threshold = p.nms_param().nms_threshold();
    options.nms.eta = p.nms_param().eta();
    if (p.nms_param().has_top_k()) options.top_k = p.nms_param().top_k();
  }
  return options;
}

absl::StatusOr<Options> ReadOptions(
    const caffe::SSDDetectionOutputParameter& p) {
  if (p.code_type() < 1 || p.code_type() > 3) {
    return FieldError("ssddetectionoutput_param.code_type",
                      absl::StrCat("is ", p.code_type(),
                                   "; it must be 1 (corner), 2 (center size) "
                                   "or 3 (corner size)"));
  }
  Options options;
  options.num_classes = p.num_classes();
  options.share_location = p.share_location();
  options.background = p.background_label_id();
  options.code = static_cast<BoxCode>(p.code_type());
  options.variance_is_encoded = p.variance_encoded_in_target();
  options.confidence_threshold = p.confidence_threshold();
  options.top_k = p.top_k();
  options.keep_top_k = p.keep_top_k();
  options.nms.threshold = p.iou_threshold();
  options.nms.eta = p.eta();
  return options;
}

class DetectionOutputLayer : public Layer {
 public:
  DetectionOutputLayer(const caffe::LayerParameter& param, caffe::Phase phase,
                       bool is_cann)
      : Layer(param, phase), is_cann_(is_cann) {}

  absl::Status SetUp(absl::Span<const Shape> bottoms, int num_tops) override {
    if (!is_cann_ && bottoms.size() < 3 &&
        !param().detection_output_param().has_num_classes()) {
      return Unsupported(
          "without detection_output_param.num_classes this looks like SS928's "
          "DecBBox, Sort, Nms or FilterBox");
    }
    RETURN_IF_ERROR(CheckArity(bottoms, {3, 3}, num_tops, {1, 1}));
    if (is_cann_) {
      ASSIGN_OR_RETURN(options_,
                       ReadOptions(param().ssddetectionoutput_param()));
    } else {
      ASSIGN_OR_RETURN(options_, ReadOptions(param().detection_output_param()));
    }
    return CheckOptions();
  }

  absl::Status Reshape(absl::Span<const Shape> bottoms,
                       std::vector<Shape>* tops) override {
    const Shape& priors = bottoms[2];
    if (priors.num_axes() < 3 || priors[1] != 2 || priors.Count(2) % 4 != 0) {
      return BottomError(absl::StrCat("bottom 2 (priors) has shape ",
                                      priors.ToString(),
                                      "; it must be 1x2x(4 * priors)"));
    }
    num_priors_ = priors.Count(2) / 4;
    num_locations_ = options_.share_location ? 1 : options_.num_classes;
    RETURN_IF_ERROR(CheckBottom(bottoms, 0, num_locations_ * 4));
    RETURN_IF_ERROR(CheckBottom(bottoms, 1, options_.num_classes));
    (*tops)[0] = NoDetectionsShape();
    return absl::OkStatus();
  }

  absl::Status Forward(Bottoms bottoms, Tops tops) override {
    const int64_t num_items = bottoms[0]->shape()[0];
    std::vector<Detection> detections;
    for (int64_t item = 0; item < num_items; ++item) {
      std::vector<Detection> found = Detect(bottoms, item);
      KeepBest(&found);
      detections.insert(detections.end(), found.begin(), found.end());
    }
    return WriteDetections(detections, num_items, tops[0]);
  }

  bool IsDifferentiable(int) const override { return false; }

 private:
  std::string Field(absl::string_view name) const {
    return absl::StrCat(
        is_cann_ ? "ssddetectionoutput_param." : "detection_output_param.",
        name);
  }

  absl::Status CheckOptions() const {
    RETURN_IF_ERROR(
        CheckSize(Field("num_classes"), options_.num_classes, 1, kMaxClasses));
    if (!(options_.nms.threshold >= 0)) {
      return FieldError(
          Field(is_cann_ ? "iou_threshold" : "nms_param.nms_threshold"),
          absl::StrCat("is ", options_.nms.threshold,
                       "; it must not be negative"));
    }
    if (!(options_.nms.eta > 0 && options_.nms.eta <= 1)) {
      return FieldError(
          Field(is_cann_ ? "eta" : "nms_param.eta"),
          absl::StrCat("is ", options_.nms.eta, "; it must be in (0, 1]"));
    }
    return absl::OkStatus();
  }

  absl::Status CheckBottom(absl::Span<const Shape> bottoms, int index,
                           int64_t values_per_prior) const {
    const Shape& shape = bottoms[index];
    const int64_t expected = num_priors_ * values_per_prior;
    if (shape.num_axes() >= 2 && shape[0] == bottoms[0][0] &&
        shape.Count(1) == expected) {
      return absl::OkStatus();
    }
    return BottomError(absl::StrCat(
        "bottom ", index, " has shape ", shape.ToString(), ", but ",
        num_priors_, " priors need ", expected, " values per image (",
        Field("num_classes"), " is ", options_.num_classes, ")"));
  }

  // The boxes that class `label` of image `item` moves the priors to.
  std::vector<Box> Decode(Bottoms bottoms, int64_t item, int64_t label) const {
    const float* offsets =
        bottoms[0]->data() + item * num_priors_ * num_locations_ * 4;
    const float* priors = bottoms[2]->data();
    const float* variances = priors + num_priors_ * 4;
    const int64_t location = options_.share_location ? 0 : label;
    std::vector<Box> boxes(num_priors_);
    for (int64_t i = 0; i < num_priors_; ++i) {
      const float* p = priors + i * 4;
      boxes[i] = DecodePrior(
          {p[0], p[1], p[2], p[3]},
          options_.variance_is_encoded ? nullptr : variances + i * 4,
          offsets + (i * num_locations_ + location) * 4, options_.code);
    }
    return boxes;
  }

  // All detections of image `item`, by class, then descending score.
  std::vector<Detection> Detect(Bottoms bottoms, int64_t item) const {
    const int64_t classes = options_.num_classes;
    const float* all_scores = bottoms[1]->data() + item * num_priors_ * classes;
    std::vector<Detection> found;
    std::vector<float> scores(num_priors_);
    std::vector<Box> boxes;
    if (options_.share_location) boxes = Decode(bottoms, item, 0);
    for (int label = 0; label < classes; ++label) {
      if (label == options_.background) continue;
      for (int64_t i = 0; i < num_priors_; ++i) {
        scores[i] = all_scores[i * classes + label];
      }
      const std::vector<int> order =
          TopScores(scores, options_.confidence_threshold, options_.top_k);
      if (order.empty()) continue;
      if (!options_.share_location) boxes = Decode(bottoms, item, label);
      for (const int i : Nms(boxes, order, options_.nms)) {
        found.push_back({item, label, scores[i], boxes[i]});
      }
    }
    return found;
  }

  // Leaves the keep_top_k best of `found`, in their order.
  void KeepBest(std::vector<Detection>* found) const {
    if (options_.keep_top_k < 0) return;
    std::vector<float> scores;
    scores.reserve(found->size());
    for (const Detection& d : *found) scores.push_back(d.score);
    std::vector<int> best = TopScores(scores, -INFINITY, options_.keep_top_k);
    std::sort(best.begin(), best.end());
    std::vector<Detection> kept;
    kept.reserve(best.size());
    for (const int i : best) kept.push_back((*found)[i]);
    *found = std::move(kept);
  }

  const bool is_cann_;
  Options options_;
  // Of the last Reshape().
  int64_t num_priors_ = 0;
  int64_t num_locations_ = 1;  // Boxes a prior: one, or one a class.
};

}  // namespace

std::unique_ptr<Layer> MakeDetectionOutputLayer(
    const caffe::LayerParameter& param, caffe::Phase phase) {
  return std::make_unique<DetectionOutputLayer>(param, phase,
                                                /*is_cann=*/false);
}

std::unique_ptr<Layer> MakeSsdDetectionOutputLayer(
    const caffe::LayerParameter& param, caffe::Phase phase) {
  return std::make_unique<DetectionOutputLayer>(param, phase,
                                                /*is_cann=*/true);
}

}  // namespace quantd
