// StridedSlice (Synopsys, TensorFlow's and ONNX's): every strides-th index of
// an axis from begin to before end; negative ones count from the end, and what
// lies beyond the axis is cut off. With `axes` (ONNX) entry i is for axes[i].
// Without, entry i is for the next axis, and bit i of a mask says of it:
//   begin_mask, end_mask: it goes from, or to, the axis' own border;
//   ellipsis_mask (one bit): it is for as many whole axes as are left over;
//   new_axis_mask: it is an axis of 1 in the top, and for none of the bottom;
//   shrink_axis_mask: it is the index `begin` alone, and the axis is dropped.
// Of several for one entry ellipsis goes before new axis before shrink.
#include <algorithm>
#include <cstdlib>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/core/layer.h"
#include "engine/layers/checks.h"
#include "engine/layers/mapped_layer.h"

namespace quantd {
namespace {

bool HasBit(int32_t mask, int bit) {
  return bit < 32 && (static_cast<uint32_t>(mask) >> bit & 1) != 0;
}

class StridedSliceLayer : public MappedLayer {
 public:
  using MappedLayer::MappedLayer;

  absl::Status SetUp(absl::Span<const Shape> bottoms, int num_tops) override {
    const int size = slice().begin_size();
    if (slice().end_size() != size) {
      return FieldError("strided_slice_param.end",
                        "must have as many values as begin");
    }
    if (slice().strides_size() != 0 && slice().strides_size() != size) {
      return FieldError("strided_slice_param.strides",
                        "must have as many values as begin, or none");
    }
    for (const int stride : slice().strides()) {
      if (stride == 0) {
        return FieldError("strided_slice_param.strides", "must not be 0");
      }
    }
    if (slice().axes_size() != 0 && slice().axes_size() != size) {
      return FieldError("strided_slice_param.axes",
                        "must have as many values as begin, or none");
    }
    const int32_t ellipsis = slice().ellipsis_mask();
    int num_ellipses = 0;
    for (int i = 0; i < size; ++i) num_ellipses += HasBit(ellipsis, i);
    if (num_ellipses > 1) {
      return FieldError("strided_slice_param.ellipsis_mask",
                        "has more than one bit");
    }
    return MappedLayer::SetUp(bottoms, num_tops);
  }

 private:
  // Indices of one axis.
  struct Range {
    int64_t begin = 0;
    int64_t count = 0;
    int64_t stride = 1;
  };

  const caffe::StridedSliceParameter& slice() const {
    return param().strided_slice_param();
  }

  absl::Status Map(absl::Span<const Shape> bottoms,
                   std::vector<Top>* tops) override {
    return slice().axes_size() > 0 ? MapNamedAxes(bottoms[0], &tops->front())
                                   : MapByMasks(bottoms[0], &tops->front());
  }

  absl::Status MapNamedAxes(const Shape& bottom, Top* top) const {
    const auto& named = slice().axes();
    ASSIGN_OR_RETURN(const std::vector<int> axes,
                     CanonicalAxes(bottom, named, "strided_slice_param.axes"));
    for (size_t i = 0; i < axes.size(); ++i) {
      const int axis = axes[i];
      const Range range =
          RangeOf(static_cast<int>(i), bottom[axis], /*masks=*/false);
      top->dims[axis] = range.count;
      top->axes[axis] = AxisOf(bottom, axis, range);
    }
    return absl::OkStatus();
  }

  absl::Status MapByMasks(const Shape& bottom, Top* top) const {
    const int num_entries = slice().begin_size();
    int num_own = 0;  // Entries that are for one axis of the bottom.
    for (int i = 0; i < num_entries; ++i) {
      num_own += !IsEllipsis(i) && !IsNewAxis(i);
    }
    const int num_left = bottom.num_axes() - num_own;
    if (num_left < 0) {
      return FieldError(
          "strided_slice_param.begin",
          absl::StrCat("is for ", num_own, " axes, more than those of ",
                       bottom.ToString()));
    }
    top->dims.clear();
    int axis = 0;
    const auto take_whole_axes = [&](int count) {
      for (; count > 0; --count) top->dims.push_back(bottom[axis++]);
    };
    for (int i = 0; i < num_entries; ++i) {
      if (IsEllipsis(i)) {
        take_whole_axes(num_left);
      } else if (IsNewAxis(i)) {
        top->dims.push_back(1);
      } else if (HasBit(slice().shrink_axis_mask(), i)) {
        ASSIGN_OR_RETURN(const int64_t index, IndexAt(i, bottom, axis));
        top->axes[axis] = AxisRange(bottom, axis, 1, index);
        ++axis;
      } else {
        const Range range = RangeOf(i, bottom[axis], /*masks=*/true);
        top->dims.push_back(range.count);
        top->axes[axis] = AxisOf(bottom, axis, range);
        ++axis;
      }
    }
    take_whole_axes(bottom.num_axes() - axis);
    return absl::OkStatus();
  }

  bool IsEllipsis(int entry) const {
    return HasBit(slice().ellipsis_mask(), entry);
  }
  bool IsNewAxis(int entry) const {
    return HasBit(slice().new_axis_mask(), entry);
  }

  // The one index that entry `entry` takes.
  absl::StatusOr<int64_t> IndexAt(int entry, const Shape& bottom,
                                  int axis) const {
    const int64_t given = slice().begin(entry);
    const int64_t index = given < 0 ? given + bottom[axis] : given;
    if (index >= 0 && index < bottom[axis]) return index;
    return FieldError("strided_slice_param.begin",
                      absl::StrCat(given, " is no index of axis ", axis, " of ",
                                   bottom.ToString()));
  }

  // The indices that entry `entry` takes of an axis of `size`.
  Range RangeOf(int entry, int64_t size, bool masks) const {
    const int64_t stride =
        slice().strides_size() == 0 ? 1 : slice().strides(entry);
    // Indices lie in [low, high): one before the axis if it is walked back.
    const int64_t low = stride > 0 ? 0 : -1;
    const int64_t high = stride > 0 ? size : size - 1;
    const auto bounded = [&](int64_t index) {
      return std::clamp(index < 0 ? index + size : index, low, high);
    };
    int64_t begin = bounded(slice().begin(entry));
    int64_t end = bounded(slice().end(entry));
    if (masks && HasBit(slice().begin_mask(), entry)) {
      begin = stride > 0 ? low : high;
    }
    if (masks && HasBit(slice().end_mask(), entry)) {
      end = stride > 0 ? high : low;
    }
    const int64_t distance = stride > 0 ? end - begin : begin - end;
    const int64_t step = std::abs(stride);
    const int64_t count = std::max<int64_t>(0, (distance + step - 1) / step);
    return {count == 0 ? 0 : begin, count, stride};
  }

  static StridedAxis AxisOf(const Shape& bottom, int axis, const Range& range) {
    return AxisRange(bottom, axis, range.count, range.begin, range.stride);
  }
};

}  // namespace

std::unique_ptr<Layer> MakeStridedSliceLayer(const caffe::LayerParameter& param,
                                             caffe::Phase phase) {
  return std::make_unique<StridedSliceLayer>(param, phase);
}

}  // namespace quantd
