#include "client/cli/output_flags.h"

#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace quantd {
namespace {

constexpr size_t kMaxName = 128;

absl::Status CheckName(const std::string& name) {
  const bool good = name.size() <= kMaxName &&
                    name.find_first_not_of(
                        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUV"
                        "WXYZ0123456789._-") == std::string::npos;
  if (good) return absl::OkStatus();
  return UsageError(absl::StrCat("--name is \"", name,
                                 "\"; give letters, digits, '.', '_' and '-'"));
}

}  // namespace

std::vector<FlagSpec> OutputFlags() {
  return {
      {"name", "NAME", "prefix of the files; default: the prototxt's name"},
      {"save", "WHICH", "models to write: deploy, fakequant or both (default)"},
      TargetFlag(),
  };
}

FlagSpec TargetFlag() {
  return {"target", "WHICH", "chips: ss928 (default) or ascend (CANN's files)"};
}

absl::StatusOr<v1::SaveType> ReadSaveType(const ParsedFlags& flags) {
  if (!flags.Has("save")) return v1::SAVE_TYPE_BOTH;
  const std::string save = absl::AsciiStrToLower(flags.Get("save"));
  if (save == "deploy") return v1::SAVE_TYPE_DEPLOY;
  if (save == "fakequant") return v1::SAVE_TYPE_FAKE_QUANT;
  if (save == "both") return v1::SAVE_TYPE_BOTH;
  return UsageError(absl::StrCat("--save is \"", flags.Get("save"),
                                 "\"; give deploy, fakequant or both"));
}

absl::StatusOr<v1::Target> ReadTarget(const ParsedFlags& flags) {
  if (!flags.Has("target")) return v1::TARGET_SS928;
  const std::string target = absl::AsciiStrToLower(flags.Get("target"));
  if (target == "ss928") return v1::TARGET_SS928;
  if (target == "ascend") return v1::TARGET_ASCEND;
  return UsageError(absl::StrCat("--target is \"", flags.Get("target"),
                                 "\"; give ss928 or ascend"));
}

absl::Status CheckOutputFlags(const ParsedFlags& flags) {
  RETURN_IF_ERROR(CheckName(flags.Get("name")));
  RETURN_IF_ERROR(ReadSaveType(flags).status());
  return ReadTarget(flags).status();
}

}  // namespace quantd
