// Slice: cuts the bottom along one axis into the tops, at slice_point or into
// equal parts.
#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/core/layer.h"
#include "engine/layers/checks.h"
#include "engine/layers/mapped_layer.h"
#include "engine/layers/old_axis.h"

namespace quantd {
namespace {

class SliceLayer : public MappedLayer {
 public:
  using MappedLayer::MappedLayer;

  absl::Status SetUp(absl::Span<const Shape> bottoms, int num_tops) override {
    const caffe::SliceParameter& slice = param().slice_param();
    RETURN_IF_ERROR(Axis().Check());
    if (slice.slice_point_size() > 0 &&
        slice.slice_point_size() != num_tops - 1) {
      return FieldError(
          "slice_param.slice_point",
          absl::StrCat("is given ", slice.slice_point_size(), " times for ",
                       num_tops, " tops; give one less than tops"));
    }
    return CheckArity(bottoms, {1, 1}, num_tops, {1, Arity::kAny});
  }

 private:
  absl::Status Map(absl::Span<const Shape> bottoms,
                   std::vector<Top>* tops) override {
    const Shape& bottom = bottoms[0];
    ASSIGN_OR_RETURN(const int axis, Axis().Of(bottom));
    ASSIGN_OR_RETURN(const std::vector<int64_t> points,
                     Points(bottom, axis, static_cast<int>(tops->size())));
    for (size_t i = 0; i < tops->size(); ++i) {
      Top& top = (*tops)[i];
      top.dims[axis] = points[i + 1] - points[i];
      top.axes[axis] = AxisRange(bottom, axis, top.dims[axis], points[i]);
    }
    return absl::OkStatus();
  }

  OldAxis Axis() const {
    const caffe::SliceParameter& p = param().slice_param();
    return {"slice_param",     "slice_dim", p.has_axis(),
            p.has_slice_dim(), p.axis(),    p.slice_dim()};
  }

  // Where the tops begin, and the end of the last one.
  absl::StatusOr<std::vector<int64_t>> Points(const Shape& bottom, int axis,
                                              int num_tops) const {
    const int64_t size = bottom[axis];
    std::vector<int64_t> points = {0};
    for (const uint32_t point : param().slice_param().slice_point()) {
      if (point <= points.back() || point >= size) {
        return FieldError("slice_param.slice_point",
                          absl::StrCat(point, " is not between ", points.back(),
                                       " and ", size, ", the end of axis ",
                                       axis, " of ", bottom.ToString()));
      }
      points.push_back(point);
    }
    if (points.size() == 1 && size % num_tops != 0) {
      return BottomError(
          absl::StrCat("axis ", axis, " of a bottom of shape ",
                       bottom.ToString(), " cannot be cut into ", num_tops,
                       " equal tops; give slice_param.slice_point"));
    }
    while (static_cast<int>(points.size()) < num_tops) {
      points.push_back(points.back() + size / num_tops);
    }
    points.push_back(size);
    return points;
  }
};

}  // namespace

std::unique_ptr<Layer> MakeSliceLayer(const caffe::LayerParameter& param,
                                      caffe::Phase phase) {
  return std::make_unique<SliceLayer>(param, phase);
}

}  // namespace quantd
