// Golden cases of the DeQuant layer and of the search for its shifts:
// dequant_shift.
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "base/status_macros.h"
#include "engine/kernels/dequant.h"
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

}  // namespace quantd
