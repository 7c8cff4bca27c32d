// Boxes of the detection layers: decoding, overlap, suppression.
// Not here: tables of regions that layers pool (rois.h).
#ifndef QUANTD_ENGINE_LAYERS_BOXES_H_
#define QUANTD_ENGINE_LAYERS_BOXES_H_

#include <cstdint>
#include <vector>

#include "absl/types/span.h"

namespace quantd {

// Corners; the units are the layer's: pixels, or parts of the image.
struct Box {
  float x1 = 0;
  float y1 = 0;
  float x2 = 0;
  float y2 = 0;
};

// How large a box is along an axis: x2 - x1 + end. 0 for parts of an image, 1
// for pixels whose last one belongs to the box.
struct BoxEnds {
  float area = 0;
  float intersection = 0;
};
constexpr BoxEnds kRelativeEnds = {0, 0};
constexpr BoxEnds kPixelEnds = {1, 1};

// Intersection over union; 0 for boxes that do not overlap or have no area.
float Overlap(const Box& a, const Box& b, const BoxEnds& ends);

// `box` within [0, max_x] x [0, max_y]; NaN becomes 0.
Box ClipBox(const Box& box, float max_x, float max_y);

// SSD: what the four offsets of a prior box mean.
enum class BoxCode { kCorner = 1, kCenterSize = 2, kCornerSize = 3 };

// kCorner:     corner + v * offset
// kCornerSize: corner + v * offset * size of the prior, per axis
// kCenterSize: centre + v * offset * size, size * exp(v * offset)
// `offsets` are x, y, x, y and so are `variances`, which are all 1 if null.
Box DecodePrior(const Box& prior, const float* variances, const float* offsets,
                BoxCode code);

// R-CNN: `deltas` (dx, dy, log w, log h) move and scale an anchor in pixels,
// whose width is w = x2 - x1 + 1 and whose centre x1 + (w - center_end) / 2:
// center_end 0 is Faster R-CNN's rule.
Box DecodeAnchor(const Box& anchor, const float* deltas, float center_end = 0);

// Indices of the scores above `threshold`, in descending order, equal ones in
// their own; the first `top_k` of them, all if it is negative. NaN is never
// above.
std::vector<int> TopScores(absl::Span<const float> scores, float threshold,
                           int64_t top_k);

struct NmsOptions {
  float threshold = 0.3f;
  // A box that overlaps by exactly the threshold is dropped too.
  bool drops_equal = false;
  // After each box that is kept, the threshold is multiplied by this, while it
  // is above 0.5. 1: no change.
  float eta = 1;
  int64_t max_kept = -1;  // Negative: no limit.
  BoxEnds ends = kRelativeEnds;
};

// Non-maximum suppression: goes through `order` (indices of `boxes`) and keeps
// what overlaps no kept box by more than the threshold.
std::vector<int> Nms(absl::Span<const Box> boxes, absl::Span<const int> order,
                     const NmsOptions& options);

// Suppression without sorting: of each pair of remaining boxes i < j of one
// group that overlap by more than `threshold`, the one with the lower score
// goes, j if they are equal. `groups` is empty (one group) or has one a box.
// The kept indices are in ascending order.
std::vector<int> SuppressPairs(absl::Span<const Box> boxes,
                               absl::Span<const float> scores,
                               absl::Span<const int> groups, float threshold,
                               const BoxEnds& ends);

}  // namespace quantd

#endif  // QUANTD_ENGINE_LAYERS_BOXES_H_
