// Caffemodel: a binary NetParameter, or HDF5 (caffemodel_h5.h), read without
// trust; written as a binary.
// Not here: attaching its blobs to the layers of a prototxt (load_model.h).
#ifndef QUANTD_ENGINE_MODEL_CAFFEMODEL_H_
#define QUANTD_ENGINE_MODEL_CAFFEMODEL_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd {

// The net in `bytes`, as written: not upgraded. Of BVLC's `Clip` and `Swish`
// layers, whose field numbers mean something else in ATC's schema, the
// parameters are put where our schema has them, CANN's form of quant_param's
// offset becomes the number (cann_offset.h); fields that the schema does
// not know are kept and written back by SerializeCaffemodel().
// Memory: about twice `bytes`.
// Errors: INVALID_ARGUMENT, CAFFEMODEL_PARSE with file, offset, size: empty,
//   truncated, not a caffemodel (a Git LFS pointer and text are named as such),
//   without layers, beyond the limits of wire_limits.h, 2 GiB or more, nested
//   deeper than 100; MODEL_INVALID for illegal names (names.h).
absl::StatusOr<caffe::NetParameter> ParseCaffemodel(
    absl::string_view bytes, const std::string& file_name);

// `net` as bytes; the same bytes for equal nets.
// Errors: RESOURCE_EXHAUSTED, MESSAGE_TOO_LARGE with size and limit from 2 GiB
//   on.
absl::StatusOr<std::string> SerializeCaffemodel(const caffe::NetParameter& net);

}  // namespace quantd

#endif  // QUANTD_ENGINE_MODEL_CAFFEMODEL_H_
