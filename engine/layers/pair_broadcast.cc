#include "engine/layers/pair_broadcast.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/layers/checks.h"

namespace quantd {
namespace {

// Dimension `axis` of `shape` when that has `num_axes`, ones in front.
int64_t DimOf(const Shape& shape, int axis, int num_axes) {
  const int own = axis - (num_axes - shape.num_axes());
  return own < 0 ? 1 : shape[own];
}

}  // namespace

absl::StatusOr<PairBroadcast> PairBroadcast::Create(const Shape& a,
                                                    const Shape& b) {
  PairBroadcast result;
  const int num_axes = std::max(a.num_axes(), b.num_axes());
  std::vector<int64_t> dims(num_axes);
  std::vector<Axis> axes;  // The last one first.
  int64_t a_stride = 1;
  int64_t b_stride = 1;
  for (int axis = num_axes - 1; axis >= 0; --axis) {
    const int64_t da = DimOf(a, axis, num_axes);
    const int64_t db = DimOf(b, axis, num_axes);
    if (da != db && da != 1 && db != 1) {
      return BottomError(absl::StrCat(
          "shapes ", a.ToString(), " and ", b.ToString(),
          " cannot be spread over each other: dimensions must be equal or 1, "
          "counted from the last"));
    }
    const int64_t dim = da == 1 ? db : da;
    dims[axis] = dim;
    if (dim == 1) continue;
    const Axis step = {dim, da == 1 ? 0 : a_stride, db == 1 ? 0 : b_stride};
    a_stride *= da;
    b_stride *= db;
    const bool joins = !axes.empty() && (axes.back().a == 0) == (step.a == 0) &&
                       (axes.back().b == 0) == (step.b == 0);
    if (joins) {
      axes.back().dim *= dim;
    } else {
      axes.push_back(step);
    }
  }
  ASSIGN_OR_RETURN(result.shape_, Shape::Create(dims));
  // The innermost axis is a run; it has one also for a scalar.
  if (axes.empty()) axes.push_back({});
  std::reverse(axes.begin(), axes.end());
  result.axes_ = std::move(axes);
  return result;
}

}  // namespace quantd
