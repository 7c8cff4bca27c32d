// Golden cases of the DeQuant layer and of the search for its shifts:
// dequant_shift, search_n, search_n_v2.
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "base/status_macros.h"
#include "engine/kernels/dequant.h"
#include "engine/quant/shift_search.h"
#include "tests/golden/amct_compare.h"
#include "tests/golden/amct_families.h"

namespace quantd {

using nlohmann::json;

absl::Status RunDequantShift(const AmctCase& golden) {
  const json& input = golden.inputs.at("x");
  ASSIGN_OR_RETURN(std::vector<float> x, JsonFloats(golden.dir, input));
  ASSIGN_OR_RETURN(std::vector<float> scale,
                   JsonFloats(golden.dir, golden.inputs.at("deqscale")));
  ASSIGN_OR_RETURN(std::vector<float> shift,
                   JsonFloats(golden.dir, golden.inputs.at("shift_bit")));
  DequantParams params;
  params.scale = scale;
  params.shift_bit = shift;
  if (input.is_object() && scale.size() > 1) {
    const auto shape = input.at("shape").get<std::vector<int64_t>>();
    for (size_t axis = 2; axis < shape.size(); ++axis) {
      params.inner_dim *= shape[axis];
    }
  }
  const absl::Status legal = CheckDequantParams(params);
  if (legal.ok() != golden.expected.at("ok").get<bool>()) {
    return Mismatch(
        absl::StrCat("legality of the parameters: ", legal.ToString()));
  }
  if (!legal.ok()) return absl::OkStatus();
  std::vector<float> y(x.size());
  Dequant(x, params, absl::MakeSpan(y));
  return CompareStored(golden, "y", y);
}

absl::Status RunSearchN(const AmctCase& golden) {
  const json& input = golden.inputs.at("s32");
  ASSIGN_OR_RETURN(std::vector<int32_t> sums, JsonInts(golden.dir, input));
  ASSIGN_OR_RETURN(
      std::vector<int> best,
      SearchShiftBits(sums, input.at("shape").at(0).get<int64_t>()));
  return CompareStored(golden, "best_n", best);
}

absl::Status RunSearchNV2(const AmctCase& golden) {
  const json& input = golden.inputs.at("x");
  ASSIGN_OR_RETURN(const std::vector<float> x, JsonFloats(golden.dir, input));
  ASSIGN_OR_RETURN(std::vector<float> scale,
                   JsonFloats(golden.dir, golden.inputs.at("deq_scale")));
  ASSIGN_OR_RETURN(
      ShiftSearch search,
      ShiftSearch::Create(scale, golden.params.at("is_broadcast").get<bool>()));
  const size_t batches = input.at("shape").at(0).get<size_t>();
  const size_t size = batches == 0 ? 0 : x.size() / batches;
  absl::Status added;
  for (size_t b = 0; b < batches && added.ok(); ++b) {
    added = search.Add(absl::MakeConstSpan(x).subspan(b * size, size));
  }
  // AMCT has a code of its own for an empty container.
  const bool empty = x.empty() && !added.ok();
  RETURN_IF_ERROR(CompareCode(golden.expected.at("code").get<int>(),
                              empty ? 15 : AmctCode(added), added));
  if (!added.ok()) return absl::OkStatus();
  std::vector<float> errors;
  for (const ShiftSearch::Errors& row : search.errors()) {
    errors.insert(errors.end(), row.begin(), row.end());
  }
  RETURN_IF_ERROR(CompareStored(golden, "error", errors));
  return CompareStored(golden, "best_n", search.Best());
}

}  // namespace quantd
