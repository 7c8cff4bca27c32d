#include "engine/kernels/strided_map.h"

#include <algorithm>
#include <utility>

namespace quantd {
namespace {

// Smaller copies are not worth waking threads for.
constexpr int64_t kMinParallelElements = int64_t{1} << 15;

int64_t CountOf(const StridedAxis& axis) {
  int64_t count = 0;
  for (const StridedRun& run : axis) count += run.count;
  return count;
}

// True if the axis is one run with a source.
bool IsPlain(const StridedAxis& axis) {
  return axis.size() == 1 && !axis[0].fill;
}

}  // namespace

StridedMap::StridedMap(std::vector<StridedAxis> axes) : axes_(std::move(axes)) {
  Simplify();
  inner_.assign(axes_.size(), 1);
  for (size_t axis = axes_.size(); axis-- > 0;) {
    inner_[axis] = num_elements_;
    num_elements_ *= CountOf(axes_[axis]);
  }
}

void StridedMap::Simplify() {
  std::vector<StridedAxis> simple;
  for (const StridedAxis& axis : axes_) {
    if (IsPlain(axis) && axis[0].count == 1) {
      base_ += axis[0].begin;
      continue;
    }
    if (!simple.empty() && IsPlain(simple.back()) && IsPlain(axis)) {
      StridedRun& outer = simple.back()[0];
      const StridedRun& inner = axis[0];
      if (outer.step == inner.count * inner.step) {
        outer = {outer.count * inner.count, outer.begin + inner.begin,
                 inner.step};
        continue;
      }
    }
    simple.push_back(axis);
  }
  if (simple.empty()) simple.push_back({{1, 0, 1}});
  axes_ = std::move(simple);
}

template <typename Visit>
void StridedMap::ForEachRunFrom(size_t axis, int64_t src, int64_t dst,
                                const Visit& visit) const {
  const int64_t inner = inner_[axis];
  const bool is_last = axis + 1 == axes_.size();
  for (const StridedRun& run : axes_[axis]) {
    if (run.fill || is_last) {
      visit(run, src + run.begin, dst, inner);
    } else {
      for (int64_t i = 0; i < run.count; ++i) {
        ForEachRunFrom(axis + 1, src + run.begin + i * run.step,
                       dst + i * inner, visit);
      }
    }
    dst += run.count * inner;
  }
}

template <typename Visit>
void StridedMap::ForEachRun(bool parallel, const Visit& visit) const {
  if (num_elements_ == 0) return;
  if (!parallel || axes_.size() == 1 || !IsPlain(axes_[0]) ||
      num_elements_ < kMinParallelElements) {
    ForEachRunFrom(0, base_, 0, visit);
    return;
  }
  const StridedRun run = axes_[0][0];
  const int64_t src = base_ + run.begin;
#pragma omp parallel for
  for (int64_t i = 0; i < run.count; ++i) {
    ForEachRunFrom(1, src + i * run.step, i * inner_[0], visit);
  }
}

void StridedMap::Copy(const float* src, float fill, float* dst) const {
  ForEachRun(/*parallel=*/true, [&](const StridedRun& run, int64_t from,
                                    int64_t to, int64_t inner) {
    if (run.fill) {
      std::fill_n(dst + to, run.count * inner, fill);
    } else if (run.step == 1) {
      std::copy_n(src + from, run.count, dst + to);
    } else {
      for (int64_t i = 0; i < run.count; ++i) {
        dst[to + i] = src[from + i * run.step];
      }
    }
  });
}

void StridedMap::AddBack(const float* dst_diff, float* src_diff) const {
  // Threads that walk a step of 0 would add to the same elements.
  const bool parallel = IsPlain(axes_[0]) && axes_[0][0].step != 0;
  ForEachRun(parallel, [&](const StridedRun& run, int64_t from, int64_t to,
                           int64_t /*inner*/) {
    if (run.fill) return;
    for (int64_t i = 0; i < run.count; ++i) {
      src_diff[from + i * run.step] += dst_diff[to + i];
    }
  });
}

std::vector<StridedAxis> IdentityAxes(const Shape& shape) {
  std::vector<StridedAxis> axes;
  axes.reserve(shape.num_axes());
  for (int axis = 0; axis < shape.num_axes(); ++axis) {
    axes.push_back(AxisRange(shape, axis, shape[axis], 0));
  }
  return axes;
}

StridedAxis AxisRange(const Shape& shape, int axis, int64_t count,
                      int64_t begin, int64_t step) {
  const int64_t stride = shape.Count(axis + 1);
  return {{count, begin * stride, step * stride}};
}

StridedAxis ReversedAxis(const Shape& shape, int axis) {
  return AxisRange(shape, axis, shape[axis], shape[axis] - 1, -1);
}

}  // namespace quantd
