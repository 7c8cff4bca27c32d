// What the fields of a ProposalParameter mean.
#ifndef QUANTD_ENGINE_LAYERS_PROPOSAL_PARAMS_H_
#define QUANTD_ENGINE_LAYERS_PROPOSAL_PARAMS_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "engine/layers/boxes.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd {

struct ProposalSettings {
  std::vector<Box> anchors;
  float feat_stride = 16;
  float min_size = 16;  // Pixels of the image before its scaling.
  float iou_threshold = 0.7f;
  int64_t pre_nms = -1;  // Not positive: no limit.
  int64_t post_nms = -1;
  float score_threshold = 0;  // Only of thresholded proposals.
  float image_h = 0;          // Only of thresholded proposals.
  float image_w = 0;
};

// ATC's fields, or where one of them is given those of forks that have fixed
// anchors (anchor_base_size, anchor_scale, anchor_ratio, max_rois,
// rpn_min_size, rpn_nms_thresh). Errors: INVALID_ARGUMENT.
absl::StatusOr<ProposalSettings> ReadProposal(
    const caffe::ProposalParameter& p);

// The fields of the form without im_info: rpn_obj_threshold,
// rpn_nms_threshold, rpn_nms_post_top_n, net_input_h and net_input_w.
absl::StatusOr<ProposalSettings> ReadThresholdedProposal(
    const caffe::ProposalParameter& p);

}  // namespace quantd

#endif  // QUANTD_ENGINE_LAYERS_PROPOSAL_PARAMS_H_
