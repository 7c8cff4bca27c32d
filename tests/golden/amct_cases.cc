#include "tests/golden/amct_cases.h"

#include <algorithm>
#include <exception>
#include <filesystem>
#include <map>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "tests/golden/amct_families.h"
#include "tests/golden/npy.h"

namespace quantd {
namespace {

using nlohmann::json;

using Runner = absl::Status (*)(const AmctCase&);

// The algorithms that are built, by the name in cases.json.
const std::map<std::string, Runner>& Runners() {
  static const auto& runners = *new std::map<std::string, Runner>{
      {"activation_qat", RunActivationQat},
      {"arq", RunArq},
      {"arq_retrain", RunArqRetrain},
      {"dequant_shift", RunDequantShift},
      {"dmq_balance", RunDmqBalance},
      {"hfmg", RunHfmg},
      {"ifmr", RunIfmr},
      {"ifmr_slow", RunIfmr},
      {"process_scale", RunProcessScale},
      {"quant_layer", RunQuantLayer},
      {"quant_real", RunQuantReal},
      {"search_n", RunSearchN},
      {"search_n_v2", RunSearchNV2},
      {"snq_bounds", RunSnqBounds},
      {"ulq", RunUlq},
      {"weight_ulq", RunWeightUlq},
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
