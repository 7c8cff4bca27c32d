// Golden cases of activations: ifmr, quant_layer.
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "base/status_macros.h"
#include "engine/kernels/fake_quant.h"
#include "engine/quant/ifmr.h"
#include "tests/golden/amct_cases.h"
#include "tests/golden/amct_compare.h"
#include "tests/golden/amct_families.h"

namespace quantd {
namespace {

using nlohmann::json;

// Compares with the expected scale and offset, or with those of a sum in
// float64 where the case gives them.
absl::Status CompareIfmr(const json& expected, const IfmrResult& result) {
  if (SameBits(result.scale, JsonFloat(expected.at("scale"))) &&
      result.offset == expected.at("offset").get<int32_t>()) {
    return absl::OkStatus();
  }
  const json info = expected.value("info", json::object());
  if (info.contains("scale_if_f64_sum") &&
      SameBits(result.scale, JsonFloat(info.at("scale_if_f64_sum"))) &&
      result.offset == info.at("offset_if_f64_sum").get<int32_t>()) {
    return absl::OkStatus();
  }
  return Mismatch(absl::StrCat(
      "expected scale ", JsonFloat(expected.at("scale")), " offset ",
      expected.at("offset").get<int32_t>(), ", found ", result.scale, " ",
      result.offset, " (candidate ", result.best_index, ")"));
}

absl::Status CompareIfmrDetails(const json& info, const IfmrResult& result) {
  if (JsonFloat(info.at("max")) != result.max ||
      JsonFloat(info.at("min")) != result.min) {
    return Mismatch(
        absl::StrCat("extremes: found ", result.min, " and ", result.max));
  }
  if (info.contains("candidate_count") &&
      info.at("candidate_count").get<int>() != result.num_candidates) {
    return Mismatch(absl::StrCat(result.num_candidates, " candidates"));
  }
  return absl::OkStatus();
}

}  // namespace

IfmrParams AmctIfmrParams(const json& params) {
  IfmrParams result;
  result.num_bits = params.value("num_bits", result.num_bits);
  result.with_offset = params.value("with_offset", result.with_offset);
  result.search_range_start =
      params.value("search_range_start", result.search_range_start);
  result.search_range_end =
      params.value("search_range_end", result.search_range_end);
  result.search_step = params.value("search_step", result.search_step);
  result.max_percentile = params.value("max_percentile", result.max_percentile);
  result.min_percentile = params.value("min_percentile", result.min_percentile);
  return result;
}

absl::Status RunQuantLayer(const AmctCase& golden) {
  ASSIGN_OR_RETURN(std::vector<float> x,
                   JsonFloats(golden.dir, golden.inputs.at("x")));
  FakeQuantParams params;
  params.scale = ScaleOfInverse(JsonFloat(golden.params.at("scale_param")));
  params.offset = golden.params.at("offset").get<int32_t>();
  const absl::Status legal = CheckFakeQuantParams(params);
  if (legal.ok() != golden.expected.at("ok").get<bool>()) {
    return Mismatch(
        absl::StrCat("legality of the parameters: ", legal.ToString()));
  }
  if (!legal.ok()) return absl::OkStatus();
  std::vector<float> y(x.size());
  FakeQuant(x, params, absl::MakeSpan(y));
  return CompareStored(golden, "y", y);
}

absl::Status RunIfmr(const AmctCase& golden) {
  const int expected_code = golden.expected.at("code").get<int>();
  // AMCT's function has a flag: 0 for the search, 1 for fake quantization.
  // These are two functions here, and there is no third.
  if (golden.params.value("calibration", 0) > 1) {
    return CompareCode(expected_code, -65530, absl::OkStatus());
  }
  ASSIGN_OR_RETURN(std::vector<float> data,
                   JsonFloats(golden.dir, golden.inputs.at("data")));
  const IfmrParams params = AmctIfmrParams(golden.params);
  const absl::StatusOr<IfmrResult> result = IfmrSearch(data, params);
  if (params.num_bits < 2) {
    // AMCT finds out late, by one of three codes; we refuse the option.
    return result.ok() || expected_code == 0 ? Mismatch("num_bits accepted")
                                             : absl::OkStatus();
  }
  if (golden.inputs.at("data").is_null()) {
    // AMCT has a code for a null pointer; here that is no data.
    return CompareCode(expected_code, result.ok() ? 0 : -65530,
                       result.status());
  }
  RETURN_IF_ERROR(
      CompareCode(expected_code, AmctCode(result.status()), result.status()));
  if (!result.ok()) return absl::OkStatus();
  RETURN_IF_ERROR(CompareIfmr(golden.expected, *result));
  if (golden.expected.contains("info")) {
    RETURN_IF_ERROR(CompareIfmrDetails(golden.expected.at("info"), *result));
  }
  FakeQuantParams quant;
  quant.scale = result->scale;
  quant.offset = result->offset;
  quant.num_bits = params.num_bits;
  RETURN_IF_ERROR(CheckFakeQuantParams(quant));
  std::vector<float> fake(data.size());
  FakeQuant(data, quant, absl::MakeSpan(fake));
  return CompareStored(golden, "fake_quant", fake);
}

}  // namespace quantd
