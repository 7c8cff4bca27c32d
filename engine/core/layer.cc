#include "engine/core/layer.h"

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"

namespace quantd {

absl::Status Layer::AddBlob(const std::vector<int64_t>& dims) {
  ASSIGN_OR_RETURN(const Shape shape, Shape::Create(dims));
  if (shape.num_elements() > kMaxBlobElements) {
    return Error(absl::StatusCode::kInvalidArgument, "LAYER_PARAMETER_INVALID",
                 absl::StrCat("the layer's parameters ask for a blob of shape ",
                              shape.ToString(), "; the most is ",
                              kMaxBlobElements, " elements"),
                 {{"shape", shape.ToString()}});
  }
  Tensor blob;
  RETURN_IF_ERROR(blob.Resize(shape));
  blobs_.push_back(std::move(blob));
  return absl::OkStatus();
}

}  // namespace quantd
