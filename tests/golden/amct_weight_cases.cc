// Golden cases of weights and scales: process_scale, arq, arq_retrain,
// quant_real.
#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "base/status_macros.h"
#include "engine/quant/arq.h"
#include "engine/quant/process_scale.h"
#include "tests/golden/amct_compare.h"
#include "tests/golden/amct_families.h"

namespace quantd {
namespace {

using nlohmann::json;

// Values of `widened` as float32. They are exactly representable in golden
// cases.
template <typename T>
std::vector<float> ToFloat(const std::vector<T>& widened) {
  return {widened.begin(), widened.end()};
}

template <typename T>
absl::Status CompareProcessScale(T in, const json& expected, T expected_out) {
  const absl::StatusOr<T> out = ProcessScale(in);
  RETURN_IF_ERROR(CompareCode(expected.at("code").get<int>(),
                              AmctCode(out.status()), out.status()));
  if (!out.ok() || SameBits(*out, expected_out)) return absl::OkStatus();
  return Mismatch(absl::StrCat("expected ", expected_out, ", found ", *out));
}

absl::Status CompareCodes(const AmctCase& golden,
                          const std::vector<int8_t>& codes) {
  const json& expected = golden.expected;
  if (expected.contains("int8")) {
    ASSIGN_OR_RETURN(std::vector<int32_t> stored,
                     JsonInts(golden.dir, expected.at("int8")));
    return Compare("int8", stored,
                   std::vector<int32_t>(codes.begin(), codes.end()));
  }
  if (!expected.contains("int8_crc32")) return absl::OkStatus();
  const uint32_t crc = static_cast<uint32_t>(
      std::stoul(expected.at("int8_crc32").get<std::string>(), nullptr, 16));
  if (crc == Crc32OfBytes(codes)) return absl::OkStatus();
  return Mismatch("int8: another checksum");
}

absl::Status CompareFactors(const AmctCase& golden,
                            const WeightFactors& factors) {
  ASSIGN_OR_RETURN(std::vector<float> scale,
                   JsonFloats(golden.dir, golden.expected.at("scale")));
  ASSIGN_OR_RETURN(std::vector<int32_t> offset,
                   JsonInts(golden.dir, golden.expected.at("offset")));
  RETURN_IF_ERROR(Compare("scale", scale, factors.scale));
  return Compare("offset", offset, factors.offset);
}

template <typename T>
absl::Status RunArqOf(const AmctCase& golden) {
  ASSIGN_OR_RETURN(std::vector<float> stored,
                   JsonFloats(golden.dir, golden.inputs.at("weights")));
  std::vector<T> weights(stored.begin(), stored.end());
  ArqParams params;
  params.num_bits = golden.params.at("num_bits").get<int>();
  params.num_scales = golden.params.at("scale_length").get<int64_t>();
  params.channel_wise = golden.params.at("channel_wise").get<bool>();
  params.group = golden.params.at("group").get<int64_t>();
  params.with_offset = golden.params.at("with_offset").get<bool>();

  const absl::StatusOr<WeightFactors> factors =
      ArqSearch<T>(absl::MakeConstSpan(weights), params);
  RETURN_IF_ERROR(CompareCode(golden.expected.at("code").get<int>(),
                              AmctCode(factors.status()), factors.status()));
  if (!factors.ok()) return absl::OkStatus();
  RETURN_IF_ERROR(CompareFactors(golden, *factors));
  if (params.num_bits <= 8) {
    ASSIGN_OR_RETURN(std::vector<int8_t> codes,
                     QuantizeWeights<T>(*factors, params.num_bits,
                                        absl::MakeConstSpan(weights)));
    RETURN_IF_ERROR(CompareCodes(golden, codes));
  }
  RETURN_IF_ERROR(FakeQuantizeWeights<T>(*factors, params.num_bits,
                                         absl::MakeSpan(weights)));
  return CompareStored(golden, "fake_quant", ToFloat(weights));
}

bool ComputesInDouble(const AmctCase& golden) {
  return absl::StartsWith(golden.params.at("compute_dtype").get<std::string>(),
                          "float64");
}

// `values`, of shape [rows, columns, block], with the first two axes swapped.
std::vector<float> SwapAxes(const std::vector<float>& values, int64_t rows,
                            int64_t columns) {
  const int64_t block = static_cast<int64_t>(values.size()) / (rows * columns);
  std::vector<float> swapped(values.size());
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t c = 0; c < columns; ++c) {
      std::copy_n(values.begin() + (r * columns + c) * block, block,
                  swapped.begin() + (c * rows + r) * block);
    }
  }
  return swapped;
}

template <typename T>
absl::Status RunQuantRealOf(const AmctCase& golden) {
  ASSIGN_OR_RETURN(std::vector<float> stored,
                   JsonFloats(golden.dir, golden.inputs.at("data")));
  const std::vector<T> data(stored.begin(), stored.end());
  WeightFactors factors;
  ASSIGN_OR_RETURN(factors.scale,
                   JsonFloats(golden.dir, golden.inputs.at("scale")));
  ASSIGN_OR_RETURN(factors.offset,
                   JsonInts(golden.dir, golden.inputs.at("offset")));
  const absl::StatusOr<std::vector<int8_t>> codes =
      QuantizeWeights<T>(factors, golden.params.at("num_bits").get<int>(),
                         absl::MakeConstSpan(data));
  RETURN_IF_ERROR(CompareCode(golden.expected.at("code").get<int>(),
                              AmctCode(codes.status()), codes.status()));
  return codes.ok() ? CompareCodes(golden, *codes) : absl::OkStatus();
}

}  // namespace

absl::Status RunProcessScale(const AmctCase& golden) {
  const json& f32 = golden.expected.at("f32");
  const json& f64 = golden.expected.at("f64");
  RETURN_IF_ERROR(CompareProcessScale(JsonFloat(golden.inputs.at("in_f32")),
                                      f32, JsonFloat(f32.at("out"))));
  return CompareProcessScale(JsonDouble(golden.inputs.at("in_f64")), f64,
                             JsonDouble(f64.at("out")));
}

absl::Status RunArq(const AmctCase& golden) {
  return ComputesInDouble(golden) ? RunArqOf<double>(golden)
                                  : RunArqOf<float>(golden);
}

absl::Status RunArqRetrain(const AmctCase& golden) {
  const json& input = golden.inputs.at("w");
  ASSIGN_OR_RETURN(std::vector<float> weights, JsonFloats(golden.dir, input));
  const auto shape = input.at("shape").get<std::vector<int64_t>>();
  // A Deconvolution's output channels are its second axis.
  const bool swap =
      golden.params.at("layer_type").get<std::string>() == "Deconvolution";
  if (swap) weights = SwapAxes(weights, shape[0], shape[1]);
  ArqParams params;
  params.num_bits = golden.params.at("num_bits").get<int>();
  params.channel_wise = golden.params.at("channel_wise").get<bool>();
  params.num_scales = params.channel_wise ? shape[swap ? 1 : 0] : 1;
  params.with_offset = golden.params.at("with_offset").get<bool>();
  ASSIGN_OR_RETURN(WeightFactors factors,
                   ArqSearch<float>(absl::MakeConstSpan(weights), params));
  RETURN_IF_ERROR(CompareFactors(golden, factors));
  RETURN_IF_ERROR(FakeQuantizeWeights<float>(factors, params.num_bits,
                                             absl::MakeSpan(weights)));
  if (swap) weights = SwapAxes(weights, shape[1], shape[0]);
  return CompareStored(golden, "w_fq", weights);
}

absl::Status RunQuantReal(const AmctCase& golden) {
  return ComputesInDouble(golden) ? RunQuantRealOf<double>(golden)
                                  : RunQuantRealOf<float>(golden);
}

}  // namespace quantd
