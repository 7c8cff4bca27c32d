// Dimensions of a tensor.
#ifndef QUANTD_ENGINE_CORE_SHAPE_H_
#define QUANTD_ENGINE_CORE_SHAPE_H_

#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace quantd {

// Up to 32 dimensions, outermost first (N, C, H, W for images). Zero axes are a
// scalar of one element, as in Caffe. A dimension may be 0 (an empty tensor).
class Shape {
 public:
  static constexpr int kMaxAxes = 32;
  // Elements of one tensor at most, as Caffe's int32 count.
  static constexpr int64_t kMaxElements = (int64_t{1} << 31) - 1;

  Shape() = default;
  // For shapes that are known to be legal; CHECK-fails otherwise. Use Create()
  // for what comes from a file.
  Shape(std::initializer_list<int64_t> dims);

  // Errors: INVALID_ARGUMENT for more than kMaxAxes, a negative dimension, or
  // more than kMaxElements elements.
  static absl::StatusOr<Shape> Create(const std::vector<int64_t>& dims);

  int num_axes() const { return static_cast<int>(dims_.size()); }
  const std::vector<int64_t>& dims() const { return dims_; }
  // `axis` in [0, num_axes).
  int64_t operator[](int axis) const { return dims_[axis]; }
  int64_t num_elements() const { return num_elements_; }

  // Product of the dimensions begin..end-1; 1 for an empty range. 0 <= begin,
  // end <= num_axes.
  int64_t Count(int begin, int end) const;
  int64_t Count(int begin) const { return Count(begin, num_axes()); }

  // Dimension `axis` of the shape seen as 4-D, as Caffe's legacy accessors
  // num(), channels(), height(), width(): 1 beyond num_axes().
  int64_t LegacyDim(int axis) const {
    return axis < num_axes() ? dims_[axis] : 1;
  }

  // `axis` counted from the end if negative. Errors: INVALID_ARGUMENT if it is
  // not in [-num_axes, num_axes).
  absl::StatusOr<int> CanonicalAxis(int axis) const;

  // "1x3x227x227"; "scalar" without axes.
  std::string ToString() const;

  friend bool operator==(const Shape& a, const Shape& b) {
    return a.dims_ == b.dims_;
  }
  friend bool operator!=(const Shape& a, const Shape& b) { return !(a == b); }

 private:
  std::vector<int64_t> dims_;
  int64_t num_elements_ = 1;
};

}  // namespace quantd

#endif  // QUANTD_ENGINE_CORE_SHAPE_H_
