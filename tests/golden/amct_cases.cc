#include "tests/golden/amct_cases.h"

#include <algorithm>
#include <cstring>
#include <exception>
#include <filesystem>
#include <map>
#include <system_error>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "engine/kernels/fake_quant.h"
#include "engine/quant/arq.h"
#include "engine/quant/ifmr.h"
#include "engine/quant/process_scale.h"
#include "tests/golden/npy.h"

namespace quantd {
namespace {

using nlohmann::json;

absl::Status Mismatch(absl::string_view what) {
  return Error(absl::StatusCode::kInternal, "GOLDEN_MISMATCH", what);
}

template <typename T>
bool SameBits(T a, T b) {
  return std::memcmp(&a, &b, sizeof(T)) == 0;
}

// OK if `actual` equals `expected` bit for bit.
template <typename T>
absl::Status Compare(absl::string_view what, absl::Span<const T> expected,
                     absl::Span<const T> actual) {
  if (expected.size() != actual.size()) {
    return Mismatch(absl::StrCat(what, ": ", expected.size(),
                                 " values expected, found ", actual.size()));
  }
  for (size_t i = 0; i < expected.size(); ++i) {
    if (!SameBits(expected[i], actual[i])) {
      return Mismatch(absl::StrCat(what, "[", i, "]: expected ", expected[i],
                                   ", found ", actual[i]));
    }
  }
  return absl::OkStatus();
}
template <typename T>
absl::Status Compare(absl::string_view what, const std::vector<T>& expected,
                     const std::vector<T>& actual) {
  return Compare<T>(what, absl::MakeConstSpan(expected),
                    absl::MakeConstSpan(actual));
}

// OK if the code for `status` is the expected one.
absl::Status CompareCode(int expected, int code, const absl::Status& status) {
  if (code == expected) return absl::OkStatus();
  return Mismatch(absl::StrCat("code: expected ", expected, ", found ", code,
                               " ", status.ToString()));
}

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

absl::Status RunProcessScale(const AmctCase& golden) {
  const json& f32 = golden.expected.at("f32");
  const json& f64 = golden.expected.at("f64");
  RETURN_IF_ERROR(CompareProcessScale(JsonFloat(golden.inputs.at("in_f32")),
                                      f32, JsonFloat(f32.at("out"))));
  return CompareProcessScale(JsonDouble(golden.inputs.at("in_f64")), f64,
                             JsonDouble(f64.at("out")));
}

// Compares `values` with an array, or with checksum and first values of one.
absl::Status CompareStored(const AmctCase& golden, const char* key,
                           const std::vector<float>& values) {
  const json& expected = golden.expected;
  if (expected.contains(key)) {
    ASSIGN_OR_RETURN(std::vector<float> stored,
                     JsonFloats(golden.dir, expected.at(key)));
    return Compare(key, stored, values);
  }
  const std::string crc_key = absl::StrCat(key, "_f32_crc32");
  if (!expected.contains(crc_key)) return absl::OkStatus();
  const uint32_t crc = static_cast<uint32_t>(
      std::stoul(expected.at(crc_key).get<std::string>(), nullptr, 16));
  if (crc == Crc32OfBytes(values)) return absl::OkStatus();
  return Mismatch(absl::StrCat(key, ": another checksum"));
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

absl::Status RunArq(const AmctCase& golden) {
  return ComputesInDouble(golden) ? RunArqOf<double>(golden)
                                  : RunArqOf<float>(golden);
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

absl::Status RunQuantReal(const AmctCase& golden) {
  return ComputesInDouble(golden) ? RunQuantRealOf<double>(golden)
                                  : RunQuantRealOf<float>(golden);
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

using Runner = absl::Status (*)(const AmctCase&);

// The algorithms that are built, by the name in cases.json.
const std::map<std::string, Runner>& Runners() {
  static const auto& runners = *new std::map<std::string, Runner>{
      {"arq", RunArq},
      {"arq_retrain", RunArqRetrain},
      {"ifmr", RunIfmr},
      {"ifmr_slow", RunIfmr},
      {"process_scale", RunProcessScale},
      {"quant_layer", RunQuantLayer},
      {"quant_real", RunQuantReal},
  };
  return runners;
}

// Folders of `dir`, and itself, that have a cases.json, sorted.
std::vector<std::string> CaseFolders(const std::string& dir) {
  std::vector<std::string> folders;
  std::error_code error;
  if (std::filesystem::exists(dir + "/cases.json", error)) return {dir};
  for (std::filesystem::directory_iterator it(dir, error), end;
       !error && it != end; it.increment(error)) {
    if (std::filesystem::exists(it->path() / "cases.json", error)) {
      folders.push_back(it->path().string());
    }
  }
  std::sort(folders.begin(), folders.end());
  return folders;
}

absl::Status Damaged(const std::string& dir, absl::string_view why) {
  return Error(absl::StatusCode::kInvalidArgument, "GOLDEN_PARSE",
               absl::StrCat(dir, "/cases.json: ", why));
}

absl::Status AppendCases(const std::string& dir,
                         const std::vector<std::string>& only,
                         std::vector<AmctCase>* cases) {
  ASSIGN_OR_RETURN(std::string text, ReadFileBytes(dir + "/cases.json"));
  const json file = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!file.is_object() || !file.contains("cases") ||
      !file.at("cases").is_array()) {
    return Damaged(dir, "no list of cases");
  }
  const std::string algorithm = file.value("algorithm", "");
  if (!only.empty() &&
      std::find(only.begin(), only.end(), algorithm) == only.end()) {
    return absl::OkStatus();
  }
  for (const json& item : file.at("cases")) {
    if (!item.is_object() || !item.contains("id")) {
      return Damaged(dir, "a case without id");
    }
    cases->push_back({algorithm, item.at("id").get<std::string>(), dir,
                      item.value("inputs", json::object()),
                      item.value("params", json::object()),
                      item.value("expected", json::object())});
  }
  return absl::OkStatus();
}

}  // namespace

int AmctCode(const absl::Status& status) {
  if (status.ok()) return 0;
  const std::string reason = ErrorReason(status);
  if (reason == "SCALE_OUT_OF_RANGE" || reason == "ACTIVATION_NOT_FINITE" ||
      reason == "ACTIVATION_EMPTY") {
    return -65519;
  }
  if (reason == "OPTION_OUT_OF_RANGE" || reason == "WEIGHT_NOT_FINITE") {
    return -65530;
  }
  return -65536;
}

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

absl::StatusOr<std::vector<AmctCase>> ReadAmctCases(
    const std::string& dir, const std::vector<std::string>& only) {
  std::vector<AmctCase> cases;
  const std::vector<std::string> folders = CaseFolders(dir);
  if (folders.empty()) {
    return Error(absl::StatusCode::kNotFound, "FILE_NOT_FOUND",
                 absl::StrCat("no cases.json in ", dir, " or its folders"),
                 {{"file", dir}});
  }
  for (const std::string& folder : folders) {
    try {
      RETURN_IF_ERROR(AppendCases(folder, only, &cases));
    } catch (const json::exception& error) {
      return Damaged(folder, error.what());
    }
  }
  return cases;
}

AmctCaseResult RunAmctCase(const AmctCase& golden_case) {
  using Outcome = AmctCaseResult::Outcome;
  const std::string name =
      absl::StrCat(golden_case.algorithm, "/", golden_case.id);
  const auto runner = Runners().find(golden_case.algorithm);
  if (runner == Runners().end()) {
    return {name, Outcome::kSkipped,
            absl::StrCat("algorithm ", golden_case.algorithm, " is not built")};
  }
  // nlohmann::json and std::stoull throw on what is not as described.
  try {
    const absl::Status status = runner->second(golden_case);
    if (status.ok()) return {name, Outcome::kPassed, ""};
    return {name, Outcome::kFailed, std::string(status.message())};
  } catch (const std::exception& error) {
    return {name, Outcome::kFailed, error.what()};
  }
}

}  // namespace quantd
