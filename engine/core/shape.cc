#include "engine/core/shape.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/error.h"

namespace quantd {
namespace {

// Product of `dims`; -1 if it is over Shape::kMaxElements. A 0 anywhere makes
// 0, but the other dimensions must still fit.
int64_t CheckedCount(const std::vector<int64_t>& dims) {
  int64_t count = 1;
  bool empty = false;
  for (int64_t dim : dims) {
    if (dim == 0) {
      empty = true;
      continue;
    }
    if (dim > Shape::kMaxElements / count) return -1;
    count *= dim;
  }
  return empty ? 0 : count;
}

}  // namespace

Shape::Shape(std::initializer_list<int64_t> dims)
    : Shape(Create(std::vector<int64_t>(dims)).value()) {}

absl::StatusOr<Shape> Shape::Create(const std::vector<int64_t>& dims) {
  const std::string text = absl::StrJoin(dims, "x");
  if (dims.size() > kMaxAxes) {
    return Error(absl::StatusCode::kInvalidArgument, "SHAPE_INVALID",
                 absl::StrCat("a shape has ", dims.size(),
                              " axes; the most is ", kMaxAxes));
  }
  for (int64_t dim : dims) {
    if (dim < 0) {
      return Error(absl::StatusCode::kInvalidArgument, "SHAPE_INVALID",
                   absl::StrCat("shape ", text, " has a negative dimension"),
                   {{"shape", text}});
    }
  }
  const int64_t count = CheckedCount(dims);
  if (count < 0) {
    return Error(absl::StatusCode::kInvalidArgument, "SHAPE_INVALID",
                 absl::StrCat("shape ", text, " has more than ", kMaxElements,
                              " elements"),
                 {{"shape", text}});
  }
  Shape shape;
  shape.dims_ = dims;
  shape.num_elements_ = count;
  return shape;
}

int64_t Shape::Count(int begin, int end) const {
  int64_t count = 1;
  for (int i = begin; i < end; ++i) count *= dims_[i];
  return count;
}

absl::StatusOr<int> Shape::CanonicalAxis(int axis) const {
  const int n = num_axes();
  if (axis < -n || axis >= n) {
    return Error(absl::StatusCode::kInvalidArgument, "LAYER_PARAMETER_INVALID",
                 absl::StrCat("axis ", axis, " is not in [", -n, ", ", n,
                              ") of shape ", ToString()),
                 {{"field", "axis"}, {"shape", ToString()}});
  }
  return axis < 0 ? axis + n : axis;
}

std::string Shape::ToString() const {
  return dims_.empty() ? "scalar" : absl::StrJoin(dims_, "x");
}

}  // namespace quantd
