// Proposal: regions that a region proposal network finds.
// Bottoms: scores (N, 2A, H, W), the foreground ones last; deltas (N, 4A, H,
// W); im_info. Top 0: rows (image, x1, y1, x2, y2). What forks mean by the type
// differs; the bottoms tell the forms apart:
// - im_info of 3 values (height, width, scale), py-faster-rcnn: boxes smaller
//   than min_size * scale are dropped, the pre_nms best suppressed, at most
//   post_nms kept. Top (R, 5), one row of zeros if there are none. Top 1: their
//   scores (R, 1).
// - im_info of 4 values (height, width, scale of each), PVANet: boxes with
//   score 0 or less are dropped too; the images' rows follow each other and
//   zeros fill up to (N * post_nms, 5). Top 1: scores (N * post_nms).
// - no im_info, Sophgo: fixed anchors, boxes with score >= rpn_obj_threshold in
//   the order anchor, row, column; of two that overlap the lower goes. Top (N,
//   1, rpn_nms_post_top_n, 5), filled with zeros.
// With output_actual_rois_num, top 1 has the number of regions of each image
// (N) instead of the scores.
#include <algorithm>
#include <cmath>
#include <memory>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/core/layer.h"
#include "engine/layers/anchors.h"
#include "engine/layers/boxes.h"
#include "engine/layers/checks.h"
#include "engine/layers/proposal_params.h"

namespace quantd {
namespace {

constexpr int64_t kRowSize = 5;

struct Region {
  int64_t item;
  float score;
  Box box;
};

// Boxes of one image with their scores.
struct Candidates {
  std::vector<Box> boxes;
  std::vector<float> scores;
};

class ProposalLayer : public Layer {
 public:
  using Layer::Layer;

  absl::Status SetUp(absl::Span<const Shape> bottoms, int num_tops) override {
    RETURN_IF_ERROR(CheckArity(bottoms, {2, 3}, num_tops, {1, 2}));
    if (bottoms.size() == 2) {
      form_ = kThresholded;
      ASSIGN_OR_RETURN(settings_,
                       ReadThresholdedProposal(param().proposal_param()));
      return absl::OkStatus();
    }
    ASSIGN_OR_RETURN(settings_, ReadProposal(param().proposal_param()));
    return absl::OkStatus();
  }

  absl::Status Reshape(absl::Span<const Shape> bottoms,
                       std::vector<Shape>* tops) override {
    RETURN_IF_ERROR(CheckMaps(bottoms[0], bottoms[1]));
    if (bottoms.size() == 3) {
      RETURN_IF_ERROR(ReadForm(bottoms[2], bottoms[0][0]));
    }
    return SetTopShapes(bottoms[0][0], MaxRegions(bottoms[0]), tops);
  }

  absl::Status Forward(Bottoms bottoms, Tops tops) override {
    const int64_t num_items = bottoms[0]->shape()[0];
    std::vector<Region> regions;
    std::vector<int64_t> counts;
    for (int64_t item = 0; item < num_items; ++item) {
      const size_t before = regions.size();
      RETURN_IF_ERROR(FindRegions(bottoms, item, &regions));
      counts.push_back(static_cast<int64_t>(regions.size() - before));
    }
    std::vector<Shape> shapes(tops.size());
    RETURN_IF_ERROR(
        SetTopShapes(num_items, static_cast<int64_t>(regions.size()), &shapes));
    for (size_t i = 0; i < tops.size(); ++i) {
      RETURN_IF_ERROR(tops[i]->Resize(shapes[i]));
      std::fill_n(tops[i]->DataToOverwrite(), shapes[i].num_elements(), 0.0f);
    }
    WriteRegions(regions, tops[0]->data());
    if (tops.size() == 1) return absl::OkStatus();
    float* second = tops[1]->data();
    if (param().proposal_param().output_actual_rois_num()) {
      std::copy(counts.begin(), counts.end(), second);
    } else {
      WriteScores(regions, second);
    }
    return absl::OkStatus();
  }

  bool IsDifferentiable(int) const override { return false; }

 private:
  enum Form { kPlain, kPadded, kThresholded };

  int64_t num_anchors() const {
    return static_cast<int64_t>(settings_.anchors.size());
  }

  absl::Status CheckMaps(const Shape& scores, const Shape& deltas) const {
    const int64_t a = num_anchors();
    const bool fits = scores.num_axes() == 4 && deltas.num_axes() == 4 &&
                      scores[0] == deltas[0] && scores[1] == 2 * a &&
                      deltas[1] == 4 * a && scores[2] == deltas[2] &&
                      scores[3] == deltas[3];
    if (fits) return absl::OkStatus();
    return BottomError(
        absl::StrCat("bottoms 0 and 1 have shapes ", scores.ToString(), " and ",
                     deltas.ToString(), "; ", a, " anchors need Nx", 2 * a,
                     "xHxW and Nx", 4 * a, "xHxW"));
  }

  absl::Status ReadForm(const Shape& info, int64_t num_items) {
    const int64_t rows = info.num_axes() > 1 ? info[0] : 1;
    info_size_ = rows > 0 ? info.num_elements() / rows : 0;
    if ((rows != 1 && rows != num_items) || info_size_ < 3 || info_size_ > 4) {
      return BottomError(absl::StrCat(
          "bottom 2 (im_info) has shape ", info.ToString(),
          "; it must have height, width and scale (or two) per image"));
    }
    info_step_ = rows == 1 ? 0 : info_size_;
    form_ = info_size_ == 4 ? kPadded : kPlain;
    if (form_ == kPlain || settings_.post_nms > 0) return absl::OkStatus();
    return FieldError("proposal_param.post_nms_topn",
                      absl::StrCat("is ", settings_.post_nms,
                                   "; it must be above 0 for an im_info of 4 "
                                   "values"));
  }

  // How many regions there can be, before they are found.
  int64_t MaxRegions(const Shape& scores) const {
    int64_t count = num_anchors() * scores[2] * scores[3];
    for (const int64_t limit : {settings_.pre_nms, settings_.post_nms}) {
      if (limit > 0) count = std::min(count, limit);
    }
    return scores[0] * count;
  }

  // `count` regions were found.
  absl::Status SetTopShapes(int64_t num_items, int64_t count,
                            std::vector<Shape>* tops) const {
    const int64_t post = settings_.post_nms;
    const int64_t rows =
        form_ == kPadded ? num_items * post : std::max<int64_t>(count, 1);
    std::vector<int64_t> dims = {rows, kRowSize};
    if (form_ == kThresholded) dims = {num_items, 1, post, kRowSize};
    ASSIGN_OR_RETURN((*tops)[0], Shape::Create(dims));
    if (tops->size() == 1) return absl::OkStatus();
    dims.back() = 1;
    if (form_ == kPadded) dims.pop_back();
    if (param().proposal_param().output_actual_rois_num()) dims = {num_items};
    ASSIGN_OR_RETURN((*tops)[1], Shape::Create(dims));
    return absl::OkStatus();
  }

  // What is known of image `item`.
  struct ImageInfo {
    float h, w;
    float scale_h = 1, scale_w = 1;
  };

  absl::StatusOr<ImageInfo> InfoOf(Bottoms bottoms, int64_t item) const {
    if (form_ == kThresholded) {
      return ImageInfo{settings_.image_h, settings_.image_w};
    }
    const float* values = bottoms[2]->data() + item * info_step_;
    for (int64_t i = 0; i < info_size_; ++i) {
      if (std::isfinite(values[i])) continue;
      return InputError(absl::StrCat("im_info of image ", item, " has ",
                                     values[i], "; it must be finite"));
    }
    return ImageInfo{values[0], values[1], values[2],
                     values[form_ == kPadded ? 3 : 2]};
  }

  // All anchors of image `item`, moved by their deltas and clipped, in the
  // order row, column, anchor, or anchor, row, column for kThresholded.
  Candidates Decode(Bottoms bottoms, int64_t item,
                    const ImageInfo& image) const {
    const Shape& shape = bottoms[0]->shape();
    const int64_t a = num_anchors(), area = shape.Count(2), w = shape[3];
    const float* scores = bottoms[0]->data() + (item * 2 + 1) * a * area;
    const float* deltas = bottoms[1]->data() + item * 4 * a * area;
    const bool by_anchor = form_ == kThresholded;
    Candidates result;
    result.boxes.resize(a * area);
    result.scores.resize(a * area);
    for (int64_t i = 0; i < a * area; ++i) {
      const int64_t anchor = by_anchor ? i / area : i % a;
      const int64_t cell = by_anchor ? i % area : i / a;
      const int64_t row = cell / w;
      const int64_t column = cell % w;
      const float* d = deltas + 4 * anchor * area + cell;
      const float delta[4] = {d[0], d[area], d[2 * area], d[3 * area]};
      const Box moved =
          Moved(settings_.anchors[anchor],
                static_cast<float>(column) * settings_.feat_stride,
                static_cast<float>(row) * settings_.feat_stride);
      const Box box = DecodeAnchor(moved, delta, by_anchor ? 1.0f : 0.0f);
      result.boxes[i] = ClipBox(box, image.w - 1, image.h - 1);
      result.scores[i] = scores[anchor * area + cell];
    }
    return result;
  }

  absl::Status FindRegions(Bottoms bottoms, int64_t item,
                           std::vector<Region>* regions) const {
    ASSIGN_OR_RETURN(const ImageInfo image, InfoOf(bottoms, item));
    const Candidates all = Decode(bottoms, item, image);
    const std::vector<int> kept =
        form_ == kThresholded ? KeepAboveThreshold(all) : KeepBest(all, image);
    for (const int i : kept) {
      regions->push_back({item, all.scores[i], all.boxes[i]});
    }
    return absl::OkStatus();
  }

  std::vector<int> KeepBest(const Candidates& all,
                            const ImageInfo& image) const {
    std::vector<float> scores = all.scores;
    for (size_t i = 0; i < scores.size(); ++i) {
      const Box& box = all.boxes[i];
      const bool is_large =
          box.x2 - box.x1 + 1 >= settings_.min_size * image.scale_w &&
          box.y2 - box.y1 + 1 >= settings_.min_size * image.scale_h;
      if (!is_large) scores[i] = -INFINITY;
    }
    const std::vector<int> order =
        TopScores(scores, form_ == kPadded ? 0 : -INFINITY,
                  settings_.pre_nms > 0 ? settings_.pre_nms : -1);
    NmsOptions options;
    options.threshold = settings_.iou_threshold;
    options.max_kept = settings_.post_nms > 0 ? settings_.post_nms : -1;
    options.ends = kPixelEnds;
    return Nms(all.boxes, order, options);
  }

  std::vector<int> KeepAboveThreshold(const Candidates& all) const {
    std::vector<int> indices;
    std::vector<Box> boxes;
    std::vector<float> scores;
    for (size_t i = 0; i < all.scores.size(); ++i) {
      if (!(all.scores[i] >= settings_.score_threshold)) continue;
      indices.push_back(static_cast<int>(i));
      boxes.push_back(all.boxes[i]);
      scores.push_back(all.scores[i]);
    }
    // That fork's areas have the last pixel, its intersections have not.
    std::vector<int> kept = SuppressPairs(
        boxes, scores, {}, settings_.iou_threshold, BoxEnds{1, 0});
    if (static_cast<int64_t>(kept.size()) > settings_.post_nms) {
      kept.resize(settings_.post_nms);
    }
    for (int& i : kept) i = indices[i];
    return kept;
  }

  // The row of each region: one after the other, but kThresholded has a fixed
  // number for each image.
  int64_t FirstRow(const Region& region, int64_t next_row) const {
    if (form_ != kThresholded) return next_row;
    return std::max(next_row, region.item * settings_.post_nms);
  }

  void WriteRegions(const std::vector<Region>& regions, float* y) const {
    int64_t next_row = 0;
    for (const Region& region : regions) {
      const int64_t row = FirstRow(region, next_row);
      const float values[kRowSize] = {static_cast<float>(region.item),
                                      region.box.x1, region.box.y1,
                                      region.box.x2, region.box.y2};
      std::copy_n(values, kRowSize, y + row * kRowSize);
      next_row = row + 1;
    }
  }

  void WriteScores(const std::vector<Region>& regions, float* y) const {
    int64_t next_row = 0;
    for (const Region& region : regions) {
      const int64_t row = FirstRow(region, next_row);
      y[row] = region.score;
      next_row = row + 1;
    }
  }

  ProposalSettings settings_;
  Form form_ = kPlain;
  // Of im_info.
  int64_t info_size_ = 0;
  int64_t info_step_ = 0;  // 0: one row for all images.
};

}  // namespace

std::unique_ptr<Layer> MakeProposalLayer(const caffe::LayerParameter& param,
                                         caffe::Phase phase) {
  return std::make_unique<ProposalLayer>(param, phase);
}

}  // namespace quantd
