#include "engine/data/mean_file.h"

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/file_system.h"
#include "engine/core/blob_proto.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd {
namespace {

constexpr int64_t kMaxMeanFileBytes = int64_t{1} << 30;

absl::Status BadMean(absl::string_view name, absl::string_view why) {
  return Error(absl::StatusCode::kInvalidArgument, "MEAN_FILE_INVALID",
               absl::StrCat("mean file ", name, ": ", why,
                            "; it must be a binary BlobProto of shape CxHxW, "
                            "as compute_image_mean writes it"),
               {{"file", std::string(name)}});
}

}  // namespace

absl::StatusOr<Tensor> ParseMean(absl::string_view bytes,
                                 absl::string_view name) {
  caffe::BlobProto blob;
  if (bytes.empty() ||
      !blob.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return BadMean(name, "it cannot be parsed");
  }
  const absl::StatusOr<Tensor> mean = MakeTensor(blob);
  if (!mean.ok()) return BadMean(name, mean.status().message());
  const Shape& shape = mean->shape();
  if (shape.num_axes() == 3) return *mean;
  if (shape.num_axes() == 4 && shape[0] == 1) {
    return mean->Reshaped(Shape({shape[1], shape[2], shape[3]}));
  }
  return BadMean(name, absl::StrCat("its shape is ", shape.ToString()));
}

absl::StatusOr<Tensor> ReadMeanFile(const std::string& path) {
  const absl::StatusOr<std::string> bytes =
      FileSystem::Posix()->Read(path, kMaxMeanFileBytes);
  if (!bytes.ok() && bytes.status().code() == absl::StatusCode::kNotFound) {
    return Error(absl::StatusCode::kNotFound, "MEAN_FILE_NOT_FOUND",
                 absl::StrCat("transform_param.mean_file: there is no ", path),
                 {{"file", path}});
  }
  if (!bytes.ok()) return BadMean(path, bytes.status().message());
  return ParseMean(*bytes, path);
}

}  // namespace quantd
