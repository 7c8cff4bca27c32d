// Copies between arrays whose indices correspond axis by axis: permuting,
// slicing, tiling, padding, flipping, and the gradients of all of these.
#ifndef QUANTD_ENGINE_KERNELS_STRIDED_MAP_H_
#define QUANTD_ENGINE_KERNELS_STRIDED_MAP_H_

#include <cstdint>
#include <vector>

#include "engine/core/shape.h"

namespace quantd {

// Consecutive indices of one destination axis, and the offsets in the source
// that they add: begin, begin + step, ... With `fill` they have no source.
struct StridedRun {
  int64_t count = 0;
  int64_t begin = 0;
  int64_t step = 0;
  bool fill = false;
};

// An axis of the destination: its indices in order, run by run.
using StridedAxis = std::vector<StridedRun>;

// Where each element of a dense destination (outermost axis first) comes from:
// the source element whose offset is the sum of what its indices add.
//
// Two axes must not reach the same source element, but by a step of 0: an axis
// of the source may be split into several of the destination, not repeated.
// Threads: const methods are safe; large copies use OpenMP's threads.
//
// Example: rows 1 and 2 of a 4 x 3 array, transposed.
//   StridedMap map({{{3, 0, 1}}, {{2, 1 * 3, 3}}});
//   map.Copy(src, 0, dst);
class StridedMap {
 public:
  StridedMap() : StridedMap(std::vector<StridedAxis>()) {}
  explicit StridedMap(std::vector<StridedAxis> axes);

  // dst[i] = the source of i, or `fill` where it has none.
  void Copy(const float* src, float fill, float* dst) const;

  // The gradient of Copy(): adds dst_diff[i] to the source of i.
  void AddBack(const float* dst_diff, float* src_diff) const;

 private:
  // Calls visit(run, source offset, destination offset, inner) for all runs of
  // the last axis, where inner is 1, and for those of others that are filled;
  // they cover run.count * inner elements of the destination.
  template <typename Visit>
  void ForEachRun(bool parallel, const Visit& visit) const;
  template <typename Visit>
  void ForEachRunFrom(size_t axis, int64_t src, int64_t dst,
                      const Visit& visit) const;

  // Drops axes of one index and joins axes that are walked as one.
  void Simplify();

  std::vector<StridedAxis> axes_;  // At least one.
  std::vector<int64_t> inner_;     // Elements under one index of each axis.
  int64_t base_ = 0;               // Added to all source offsets.
  int64_t num_elements_ = 1;       // Of the destination.
};

// The axes of a destination that is the source, an array of `shape`: change
// some to get what you need.
std::vector<StridedAxis> IdentityAxes(const Shape& shape);

// `count` indices of the axis `axis` of a source of `shape`, from `begin` on
// and `step` apart.
StridedAxis AxisRange(const Shape& shape, int axis, int64_t count,
                      int64_t begin, int64_t step = 1);

// The axis from its end to its beginning.
StridedAxis ReversedAxis(const Shape& shape, int axis);

}  // namespace quantd

#endif  // QUANTD_ENGINE_KERNELS_STRIDED_MAP_H_
