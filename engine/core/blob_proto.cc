#include "engine/core/blob_proto.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"

namespace quantd {
namespace {

bool IsLegacy(const caffe::BlobProto& proto) {
  return proto.has_num() || proto.has_channels() || proto.has_height() ||
         proto.has_width();
}

// True if the shapes are equal when read from the right, missing axes being 1.
// Legacy protos have four axes, so a target with more never fits.
bool FitsFromTheRight(const Shape& legacy, const Shape& target) {
  if (target.num_axes() > 4) return false;
  std::vector<int64_t> dims(4 - target.num_axes(), 1);
  dims.insert(dims.end(), target.dims().begin(), target.dims().end());
  return legacy.dims() == dims;
}

absl::Status Mismatch(const std::string& message, const std::string& expected,
                      const std::string& found) {
  return Error(absl::StatusCode::kFailedPrecondition, "MODEL_WEIGHTS_MISMATCH",
               message, {{"expected", expected}, {"found", found}});
}

void CopyValues(const caffe::BlobProto& proto, float* to) {
  if (proto.double_data_size() > 0) {
    std::copy(proto.double_data().begin(), proto.double_data().end(), to);
  } else if (!proto.int8_data().empty()) {
    for (const char value : proto.int8_data()) {
      *to++ = static_cast<int8_t>(value);
    }
  } else if (proto.int32_data_size() > 0) {
    std::copy(proto.int32_data().begin(), proto.int32_data().end(), to);
  } else if (proto.uint64_data_size() > 0) {
    std::copy(proto.uint64_data().begin(), proto.uint64_data().end(), to);
  } else {
    std::copy(proto.data().begin(), proto.data().end(), to);
  }
}

absl::Status CheckNumValues(const caffe::BlobProto& proto, const Shape& shape) {
  const int64_t found = NumValues(proto);
  if (found == shape.num_elements()) return absl::OkStatus();
  return Mismatch(
      absl::StrCat("a blob of shape ", shape.ToString(), " carries ", found,
                   " values, expected ", shape.num_elements()),
      absl::StrCat(shape.num_elements()), absl::StrCat(found));
}

}  // namespace

int64_t NumValues(const caffe::BlobProto& proto) {
  if (proto.double_data_size() > 0) return proto.double_data_size();
  if (!proto.int8_data().empty()) return proto.int8_data().size();
  if (proto.int32_data_size() > 0) return proto.int32_data_size();
  if (proto.uint64_data_size() > 0) return proto.uint64_data_size();
  return proto.data_size();
}

absl::StatusOr<Shape> ShapeOf(const caffe::BlobProto& proto) {
  if (IsLegacy(proto)) {
    return Shape::Create(
        {proto.num(), proto.channels(), proto.height(), proto.width()});
  }
  // Caffe writes a scalar without a shape.
  if (!proto.has_shape() && NumValues(proto) == 1) return Shape();
  if (!proto.has_shape()) return Shape::Create({NumValues(proto)});
  return Shape::Create(std::vector<int64_t>(proto.shape().dim().begin(),
                                            proto.shape().dim().end()));
}

absl::Status LoadBlob(const caffe::BlobProto& proto, Tensor* target) {
  ASSIGN_OR_RETURN(const Shape shape, ShapeOf(proto));
  const bool fits = IsLegacy(proto) ? FitsFromTheRight(shape, target->shape())
                                    : shape == target->shape();
  if (!fits) {
    return Mismatch(
        absl::StrCat("the weights have shape ", shape.ToString(),
                     ", the layer expects ", target->shape().ToString()),
        target->shape().ToString(), shape.ToString());
  }
  RETURN_IF_ERROR(CheckNumValues(proto, target->shape()));
  CopyValues(proto, target->data());
  return absl::OkStatus();
}

absl::StatusOr<Tensor> MakeTensor(const caffe::BlobProto& proto) {
  ASSIGN_OR_RETURN(const Shape shape, ShapeOf(proto));
  RETURN_IF_ERROR(CheckNumValues(proto, shape));
  Tensor tensor;
  RETURN_IF_ERROR(tensor.Resize(shape));
  CopyValues(proto, tensor.data());
  return tensor;
}

caffe::BlobProto ToBlobProto(const Tensor& tensor) {
  caffe::BlobProto proto;
  for (int64_t dim : tensor.shape().dims()) proto.mutable_shape()->add_dim(dim);
  proto.mutable_shape();
  if (tensor.data() != nullptr) {
    proto.mutable_data()->Add(tensor.data(),
                              tensor.data() + tensor.num_elements());
  }
  return proto;
}

}  // namespace quantd
