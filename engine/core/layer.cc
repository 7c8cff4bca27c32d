#include "engine/core/layer.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "engine/core/filler.h"
#include "engine/core/random.h"

namespace quantd {

namespace {

// FNV-1a.
uint64_t HashOf(absl::string_view text) {
  uint64_t hash = 14695981039346656037u;
  for (char c : text) hash = (hash ^ static_cast<uint8_t>(c)) * 1099511628211u;
  return hash;
}

}  // namespace

uint64_t Layer::Seed() const { return Random(seed_, HashOf(name())).Next(); }

absl::Status Layer::Backward(const BackwardPass& pass) {
  return Error(absl::StatusCode::kUnimplemented, "LAYER_NOT_DIFFERENTIABLE",
               absl::StrCat("type ", type(),
                            " has no backward pass; keep it out of the path "
                            "from a loss to what is learned (lr_mult: 0, "
                            "propagate_down: false)"),
               {{"type", type()}});
}

void Layer::SetBlobDiffs(std::vector<Tensor> diffs, std::vector<bool> wanted) {
  blob_diffs_ = std::move(diffs);
  wanted_ = std::move(wanted);
}

absl::Status Layer::AddBlob(const std::vector<int64_t>& dims,
                            const caffe::FillerParameter& filler) {
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
  if (expected_blobs_.empty()) {
    RETURN_IF_ERROR(Fill(filler, Seed() + blobs_.size(), &blob));
  }
  blobs_.push_back(std::move(blob));
  return absl::OkStatus();
}

}  // namespace quantd
