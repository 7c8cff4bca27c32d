// Golden cases of histograms: hfmg.
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "base/status_macros.h"
#include "engine/quant/hfmg.h"
#include "engine/quant/range_factors.h"
#include "tests/golden/amct_compare.h"
#include "tests/golden/amct_families.h"

namespace quantd {
namespace {

using nlohmann::json;

absl::Status CompareFactors(const json& expected,
                            const absl::StatusOr<RangeFactors>& factors) {
  RETURN_IF_ERROR(
      CompareCode(expected.at("code").get<int>(), factors.status()));
  if (!factors.ok()) return absl::OkStatus();
  RETURN_IF_ERROR(CompareFloat(expected, "scale", factors->scale));
  if (factors->offset == expected.at("offset").get<int32_t>()) {
    return absl::OkStatus();
  }
  return Mismatch(absl::StrCat("offset: found ", factors->offset));
}

}  // namespace

absl::Status RunHfmg(const AmctCase& golden) {
  const int num_bits = golden.params.at("num_bits").get<int>();
  const bool with_offset = golden.params.at("with_offset").get<bool>();
  const json& expected = golden.expected;
  if (!golden.inputs.contains("batches")) {
    return CompareFactors(
        expected, MinMaxFactors(JsonFloat(golden.inputs.at("max")),
                                JsonFloat(golden.inputs.at("min")), num_bits,
                                with_offset));
  }
  ASSIGN_OR_RETURN(HfmgHistogram histogram,
                   HfmgHistogram::Create(golden.params.at("nbins").get<int>()));
  for (const json& input : golden.inputs.at("batches")) {
    ASSIGN_OR_RETURN(const std::vector<float> batch,
                     JsonFloats(golden.dir, input));
    RETURN_IF_ERROR(histogram.Add(batch));
  }
  RETURN_IF_ERROR(
      CompareStored(golden, "counts",
                    std::vector<int32_t>(histogram.counts().begin(),
                                         histogram.counts().end())));
  const json& range = expected.at("range");
  if (!SameBits(JsonFloat(range.at(0)), histogram.min()) ||
      !SameBits(JsonFloat(range.at(1)), histogram.max())) {
    return Mismatch(absl::StrCat("range: found ", histogram.min(), " to ",
                                 histogram.max()));
  }
  return CompareFactors(expected, HfmgSearch(histogram, num_bits, with_offset));
}

}  // namespace quantd
