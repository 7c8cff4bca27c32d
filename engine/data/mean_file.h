// Reads Caffe's mean image files (*.binaryproto).
#ifndef QUANTD_ENGINE_DATA_MEAN_FILE_H_
#define QUANTD_ENGINE_DATA_MEAN_FILE_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "engine/core/tensor.h"

namespace quantd {

// The mean image in `bytes`, a binary caffe.BlobProto of shape (C,H,W) or
// (1,C,H,W), as a tensor (C,H,W). `name` is for messages.
// Errors: INVALID_ARGUMENT, MEAN_FILE_INVALID.
absl::StatusOr<Tensor> ParseMean(absl::string_view bytes,
                                 absl::string_view name);

// ParseMean() of a file's contents.
// Errors: NOT_FOUND, MEAN_FILE_NOT_FOUND; INVALID_ARGUMENT, MEAN_FILE_INVALID.
absl::StatusOr<Tensor> ReadMeanFile(const std::string& path);

}  // namespace quantd

#endif  // QUANTD_ENGINE_DATA_MEAN_FILE_H_
