// Reshape: replaces the axes axis..axis+num_axes-1 by reshape_param.shape,
// where 0 copies the bottom's dimension at that place and one -1 is inferred.
#include <algorithm>
#include <memory>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/core/layer.h"
#include "engine/layers/checks.h"
#include "engine/layers/copying_layer.h"

namespace quantd {
namespace {

class ReshapeLayer : public CopyingLayer {
 public:
  using CopyingLayer::CopyingLayer;

  absl::Status SetUp(absl::Span<const Shape> bottoms, int num_tops) override {
    int num_inferred = 0;
    for (const int64_t dim : param().reshape_param().shape().dim()) {
      if (dim < -1) {
        return FieldError("reshape_param.shape",
                          absl::StrCat("has the dimension ", dim));
      }
      num_inferred += dim == -1;
    }
    if (num_inferred > 1) {
      return FieldError("reshape_param.shape", "has more than one -1");
    }
    return CheckArity(bottoms, {1, 1}, num_tops, {1, 1});
  }

  absl::Status Reshape(absl::Span<const Shape> bottoms,
                       std::vector<Shape>* tops) override {
    const caffe::ReshapeParameter& reshape = param().reshape_param();
    const Shape& bottom = bottoms[0];
    const int64_t num_axes = bottom.num_axes();
    // A negative axis counts from behind the last one: -1 appends.
    const int64_t begin = reshape.axis() >= 0 ? int64_t{reshape.axis()}
                                              : num_axes + reshape.axis() + 1;
    const int64_t end = reshape.num_axes() == -1
                            ? num_axes
                            : begin + int64_t{reshape.num_axes()};
    if (begin < 0 || begin > num_axes || end < begin || end > num_axes) {
      return FieldError(
          "reshape_param",
          absl::StrCat("axis ", reshape.axis(), " and num_axes ",
                       reshape.num_axes(), " are no range of axes of ",
                       bottom.ToString()));
    }
    std::vector<int64_t> dims(bottom.dims().begin(),
                              bottom.dims().begin() + begin);
    for (int i = 0; i < reshape.shape().dim_size(); ++i) {
      int64_t dim = reshape.shape().dim(i);
      if (dim == 0) {
        if (begin + i >= num_axes) {
          return FieldError(
              "reshape_param.shape",
              absl::StrCat("dimension ", i, " is 0, but ", bottom.ToString(),
                           " has no such axis to copy"));
        }
        dim = bottom[static_cast<int>(begin) + i];
      }
      dims.push_back(dim);
    }
    dims.insert(dims.end(), bottom.dims().begin() + end, bottom.dims().end());
    RETURN_IF_ERROR(Infer(bottom, &dims));
    ASSIGN_OR_RETURN((*tops)[0], Shape::Create(dims));
    if ((*tops)[0].num_elements() != bottom.num_elements()) {
      return Mismatch(bottom);
    }
    return absl::OkStatus();
  }

 private:
  // Replaces a -1 by what is missing.
  absl::Status Infer(const Shape& bottom, std::vector<int64_t>* dims) const {
    const auto inferred = std::find(dims->begin(), dims->end(), -1);
    if (inferred == dims->end()) return absl::OkStatus();
    *inferred = 1;
    ASSIGN_OR_RETURN(const Shape others, Shape::Create(*dims));
    const int64_t count = others.num_elements();
    if (count == 0 || bottom.num_elements() % count != 0) {
      return Mismatch(bottom);
    }
    *inferred = bottom.num_elements() / count;
    return absl::OkStatus();
  }

  static absl::Status Mismatch(const Shape& bottom) {
    return FieldError(
        "reshape_param.shape",
        absl::StrCat("does not have as many elements as ", bottom.ToString()));
  }
};

}  // namespace

std::unique_ptr<Layer> MakeReshapeLayer(const caffe::LayerParameter& param,
                                        caffe::Phase phase) {
  return std::make_unique<ReshapeLayer>(param, phase);
}

}  // namespace quantd
