#include "engine/layers/operand_layer.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace quantd {

absl::Status OperandLayer::SetUpOperands(
    absl::Span<const Shape> bottoms, int num_tops, Arity operands,
    const std::vector<int64_t>& blob_dims) {
  RETURN_IF_ERROR(CheckArity(bottoms, {1, operands.max}, num_tops, {1, 1}));
  const int num_bottoms = static_cast<int>(bottoms.size());
  if (num_bottoms < operands.min && !blob_dims.empty()) {
    return AddBlob(blob_dims);
  }
  for (const Shape& shape : expected_blobs()) {
    if (NumOperands(num_bottoms) == operands.max) break;
    RETURN_IF_ERROR(AddBlob(shape.dims()));
  }
  if (NumOperands(num_bottoms) >= operands.min) return absl::OkStatus();
  return BottomError(absl::StrCat("there are ", num_bottoms, " bottoms, and ",
                                  expected_blobs().size(),
                                  " blobs in the model, for ", operands.min,
                                  " operands; add bottoms, or load weights"));
}

float* OperandLayer::OperandDiff(const BackwardPass& pass, size_t i) {
  if (i >= pass.bottoms.size()) {
    const int blob = static_cast<int>(i - pass.bottoms.size());
    return WantsBlobDiff(blob) ? blob_diff(blob).data() : nullptr;
  }
  Tensor* diff = pass.bottom_diffs[i];
  if (diff == nullptr) return nullptr;
  float* values = diff->DataToOverwrite();
  std::fill_n(values, diff->num_elements(), 0.0f);
  return values;
}

}  // namespace quantd
