#include "engine/layers/anchors.h"

#include <cmath>

namespace quantd {

std::vector<Box> MakeAnchors(float base_size, absl::Span<const float> ratios,
                             absl::Span<const float> scales) {
  const float center = 0.5f * (base_size - 1);
  std::vector<Box> anchors;
  for (const float ratio : ratios) {
    const float w = std::round(std::sqrt(base_size * base_size / ratio));
    const float h = std::round(w * ratio);
    for (const float scale : scales) {
      const float half_w = 0.5f * (w * scale - 1);
      const float half_h = 0.5f * (h * scale - 1);
      anchors.push_back(
          {center - half_w, center - half_h, center + half_w, center + half_h});
    }
  }
  return anchors;
}

}  // namespace quantd
