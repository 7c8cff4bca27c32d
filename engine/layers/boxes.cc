#include "engine/layers/boxes.h"

#include <algorithm>
#include <cmath>

namespace quantd {
namespace {

// Written so that NaN gives 0.
float Clip(float x, float max) {
  const float below = x < max ? x : max;
  return below > 0 && x == x ? below : 0;
}

float Area(const Box& box, float end) {
  const float w = box.x2 - box.x1 + end;
  const float h = box.y2 - box.y1 + end;
  return w > 0 && h > 0 ? w * h : 0;
}

Box FromCenter(float x, float y, float w, float h) {
  return {x - w / 2, y - h / 2, x + w / 2, y + h / 2};
}

bool IsDropped(float overlap, const NmsOptions& options, float threshold) {
  return options.drops_equal ? overlap >= threshold : overlap > threshold;
}

}  // namespace

float Overlap(const Box& a, const Box& b, const BoxEnds& ends) {
  const Box common = {std::max(a.x1, b.x1), std::max(a.y1, b.y1),
                      std::min(a.x2, b.x2), std::min(a.y2, b.y2)};
  const float intersection = Area(common, ends.intersection);
  const float all = Area(a, ends.area) + Area(b, ends.area) - intersection;
  return intersection > 0 && all > 0 ? intersection / all : 0;
}

Box ClipBox(const Box& box, float max_x, float max_y) {
  return {Clip(box.x1, max_x), Clip(box.y1, max_y), Clip(box.x2, max_x),
          Clip(box.y2, max_y)};
}

Box DecodePrior(const Box& prior, const float* variances, const float* offsets,
                BoxCode code) {
  float t[4];
  for (int i = 0; i < 4; ++i) {
    t[i] = variances == nullptr ? offsets[i] : variances[i] * offsets[i];
  }
  const float w = prior.x2 - prior.x1;
  const float h = prior.y2 - prior.y1;
  switch (code) {
    case BoxCode::kCorner:
      return {prior.x1 + t[0], prior.y1 + t[1], prior.x2 + t[2],
              prior.y2 + t[3]};
    case BoxCode::kCornerSize:
      return {prior.x1 + t[0] * w, prior.y1 + t[1] * h, prior.x2 + t[2] * w,
              prior.y2 + t[3] * h};
    case BoxCode::kCenterSize:
      break;
  }
  return FromCenter(t[0] * w + (prior.x1 + prior.x2) / 2,
                    t[1] * h + (prior.y1 + prior.y2) / 2, std::exp(t[2]) * w,
                    std::exp(t[3]) * h);
}

Box DecodeAnchor(const Box& anchor, const float* deltas, float center_end) {
  const float w = anchor.x2 - anchor.x1 + 1;
  const float h = anchor.y2 - anchor.y1 + 1;
  const float x = anchor.x1 + 0.5f * (w - center_end);
  const float y = anchor.y1 + 0.5f * (h - center_end);
  return FromCenter(deltas[0] * w + x, deltas[1] * h + y,
                    std::exp(deltas[2]) * w, std::exp(deltas[3]) * h);
}

std::vector<int> TopScores(absl::Span<const float> scores, float threshold,
                           int64_t top_k) {
  std::vector<int> order;
  for (size_t i = 0; i < scores.size(); ++i) {
    if (scores[i] > threshold) order.push_back(static_cast<int>(i));
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](int a, int b) { return scores[a] > scores[b]; });
  if (top_k >= 0 && top_k < static_cast<int64_t>(order.size())) {
    order.resize(top_k);
  }
  return order;
}

std::vector<int> Nms(absl::Span<const Box> boxes, absl::Span<const int> order,
                     const NmsOptions& options) {
  float threshold = options.threshold;
  std::vector<int> kept;
  for (const int candidate : order) {
    if (static_cast<int64_t>(kept.size()) == options.max_kept) break;
    const bool dropped = std::any_of(kept.begin(), kept.end(), [&](int other) {
      return IsDropped(Overlap(boxes[candidate], boxes[other], options.ends),
                       options, threshold);
    });
    if (dropped) continue;
    kept.push_back(candidate);
    if (options.eta < 1 && threshold > 0.5f) threshold *= options.eta;
  }
  return kept;
}

std::vector<int> SuppressPairs(absl::Span<const Box> boxes,
                               absl::Span<const float> scores,
                               absl::Span<const int> groups, float threshold,
                               const BoxEnds& ends) {
  const int count = static_cast<int>(boxes.size());
  std::vector<bool> gone(boxes.size(), false);
  for (int i = 0; i < count; ++i) {
    for (int j = i + 1; j < count && !gone[i]; ++j) {
      if (gone[j] || (!groups.empty() && groups[i] != groups[j])) continue;
      if (Overlap(boxes[i], boxes[j], ends) <= threshold) continue;
      gone[scores[i] < scores[j] ? i : j] = true;
    }
  }
  std::vector<int> kept;
  for (int i = 0; i < count; ++i) {
    if (!gone[i]) kept.push_back(i);
  }
  return kept;
}

}  // namespace quantd
