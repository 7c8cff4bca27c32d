#include "client/cli/output_flags.h"

#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

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
  };
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

absl::Status CheckOutputFlags(const ParsedFlags& flags) {
  const absl::Status name = CheckName(flags.Get("name"));
  return name.ok() ? ReadSaveType(flags).status() : name;
}

}  // namespace quantd
