#include "engine/layers/proposal_params.h"

#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/status_macros.h"
#include "engine/layers/anchors.h"
#include "engine/layers/checks.h"

namespace quantd {
namespace {

const std::vector<float>& DefaultRatios() {
  static const auto* const kRatios = new std::vector<float>{0.5f, 1, 2};
  return *kRatios;
}

const std::vector<float>& DefaultScales() {
  static const auto* const kScales = new std::vector<float>{8, 16, 32};
  return *kScales;
}

absl::Status CheckPositive(absl::string_view field, float value) {
  if (value > 0 && std::isfinite(value)) return absl::OkStatus();
  return FieldError(absl::StrCat("proposal_param.", field),
                    absl::StrCat("is ", value, "; it must be above 0"));
}

absl::Status CheckNotNegative(absl::string_view field, float value) {
  if (value >= 0 && std::isfinite(value)) return absl::OkStatus();
  return FieldError(absl::StrCat("proposal_param.", field),
                    absl::StrCat("is ", value, "; it must not be negative"));
}

bool HasFixedAnchors(const caffe::ProposalParameter& p) {
  return p.has_anchor_base_size() || p.has_anchor_scale() ||
         p.has_anchor_ratio() || p.has_max_rois() || p.has_rpn_min_size() ||
         p.has_rpn_nms_thresh();
}

absl::StatusOr<ProposalSettings> ReadFixedAnchors(
    const caffe::ProposalParameter& p) {
  const float base = static_cast<float>(p.anchor_base_size());
  RETURN_IF_ERROR(CheckPositive("anchor_base_size", base));
  RETURN_IF_ERROR(CheckNotNegative("rpn_min_size", p.rpn_min_size()));
  RETURN_IF_ERROR(CheckNotNegative("rpn_nms_thresh", p.rpn_nms_thresh()));
  ProposalSettings settings;
  // 3 of each, or only the largest scale and the square.
  const std::vector<float> one_ratio = {1}, one_scale = {32};
  settings.anchors =
      MakeAnchors(base, p.anchor_ratio() == 3 ? DefaultRatios() : one_ratio,
                  p.anchor_scale() == 3 ? DefaultScales() : one_scale);
  settings.min_size = p.rpn_min_size();
  settings.iou_threshold = p.rpn_nms_thresh();
  settings.post_nms = p.max_rois();
  return settings;
}

}  // namespace

absl::StatusOr<ProposalSettings> ReadProposal(
    const caffe::ProposalParameter& p) {
  ProposalSettings settings;
  if (HasFixedAnchors(p)) {
    ASSIGN_OR_RETURN(settings, ReadFixedAnchors(p));
  } else {
    RETURN_IF_ERROR(CheckPositive("base_size", p.base_size()));
    RETURN_IF_ERROR(CheckNotNegative("min_size", p.min_size()));
    RETURN_IF_ERROR(CheckNotNegative("iou_threshold", p.iou_threshold()));
    std::vector<float> ratios(p.ratio().begin(), p.ratio().end());
    std::vector<float> scales(p.scale().begin(), p.scale().end());
    if (ratios.empty()) ratios = DefaultRatios();
    if (scales.empty()) scales = DefaultScales();
    for (const float r : ratios) RETURN_IF_ERROR(CheckPositive("ratio", r));
    for (const float s : scales) RETURN_IF_ERROR(CheckPositive("scale", s));
    settings.anchors = MakeAnchors(p.base_size(), ratios, scales);
    settings.min_size = p.min_size();
    settings.iou_threshold = p.iou_threshold();
    settings.post_nms = p.post_nms_topn();
  }
  RETURN_IF_ERROR(CheckPositive("feat_stride", p.feat_stride()));
  settings.feat_stride = p.feat_stride();
  settings.pre_nms = p.pre_nms_topn();
  return settings;
}

absl::StatusOr<ProposalSettings> ReadThresholdedProposal(
    const caffe::ProposalParameter& p) {
  ProposalSettings settings;
  const float base = static_cast<float>(p.anchor_base_size());
  RETURN_IF_ERROR(CheckPositive("anchor_base_size", base));
  settings.anchors = MakeAnchors(base, DefaultRatios(), DefaultScales());
  RETURN_IF_ERROR(CheckPositive("feat_stride", p.feat_stride()));
  settings.feat_stride = p.feat_stride();
  RETURN_IF_ERROR(CheckNotNegative("rpn_nms_threshold", p.rpn_nms_threshold()));
  settings.iou_threshold = p.rpn_nms_threshold();
  settings.score_threshold = p.rpn_obj_threshold();
  settings.image_h = static_cast<float>(p.net_input_h());
  settings.image_w = static_cast<float>(p.net_input_w());
  RETURN_IF_ERROR(CheckPositive("net_input_h", settings.image_h));
  RETURN_IF_ERROR(CheckPositive("net_input_w", settings.image_w));
  if (p.rpn_nms_post_top_n() < 1) {
    return FieldError(
        "proposal_param.rpn_nms_post_top_n",
        absl::StrCat("is ", p.rpn_nms_post_top_n(), "; it must be above 0"));
  }
  settings.post_nms = p.rpn_nms_post_top_n();
  return settings;
}

}  // namespace quantd
