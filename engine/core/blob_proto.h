// Between caffe::BlobProto and Tensor.
#ifndef QUANTD_ENGINE_CORE_BLOB_PROTO_H_
#define QUANTD_ENGINE_CORE_BLOB_PROTO_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/core/shape.h"
#include "engine/core/tensor.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd {

// The shape that `proto` states: `shape`, or the four legacy fields num,
// channels, height, width if any of them is present; otherwise a scalar for one
// value, as Caffe writes it, or a vector of all values.
// Errors: INVALID_ARGUMENT as Shape::Create().
absl::StatusOr<Shape> ShapeOf(const caffe::BlobProto& proto);

// Number of values in `proto`: of the first that is not empty of double_data,
// int8_data, int32_data, uint64_data, data.
int64_t NumValues(const caffe::BlobProto& proto);

// Copies the values of `proto` into `target`, whose shape decides: it must be
// equal, or, for a proto with legacy fields, equal when both are aligned from
// the right and filled up with ones (bias 1x1x1xN fits N).
// Errors: FAILED_PRECONDITION, MODEL_WEIGHTS_MISMATCH with both shapes, or if
// the number of values is not that of the shape.
absl::Status LoadBlob(const caffe::BlobProto& proto, Tensor* target);

// A tensor of the proto's own shape (a mean file).
// Errors: as ShapeOf() and LoadBlob(), RESOURCE_EXHAUSTED without memory. The
// number of values is checked before memory is taken.
absl::StatusOr<Tensor> MakeTensor(const caffe::BlobProto& proto);

// Shape and float data.
caffe::BlobProto ToBlobProto(const Tensor& tensor);

}  // namespace quantd

#endif  // QUANTD_ENGINE_CORE_BLOB_PROTO_H_
