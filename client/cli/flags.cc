#include "client/cli/flags.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"

namespace quantd {
namespace {

constexpr size_t kMaxDistance = 2;

size_t EditDistance(absl::string_view a, absl::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j < row.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t changed = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, changed});
    }
  }
  return row.back();
}

// The spec that `argument` ("--name", "--name=value", "-o") means, or null.
const FlagSpec* FindSpec(absl::string_view argument,
                         const std::vector<FlagSpec>& specs) {
  const absl::string_view word = argument.substr(0, argument.find('='));
  for (const FlagSpec& spec : specs) {
    if (absl::StartsWith(word, "--") && word.substr(2) == spec.name) {
      return &spec;
    }
    if (spec.short_name != 0 && word.size() == 2 && word[0] == '-' &&
        word[1] == spec.short_name) {
      return &spec;
    }
  }
  return nullptr;
}

bool IsFlag(absl::string_view argument) {
  return argument.size() > 1 && argument[0] == '-';
}

absl::Status UnknownFlag(absl::string_view argument,
                         const std::vector<FlagSpec>& specs) {
  const absl::string_view word = argument.substr(0, argument.find('='));
  std::vector<std::string> names;
  names.reserve(specs.size());
  for (const FlagSpec& spec : specs) names.push_back("--" + spec.name);
  const std::string nearest = NearestName(word, names);
  return UsageError(absl::StrCat(
      "unknown flag ", word, "; ",
      nearest.empty() ? "--help lists the flags of a command"
                      : absl::StrCat("did you mean ", nearest, "?")));
}

}  // namespace

absl::Status UsageError(absl::string_view message) {
  return Error(absl::StatusCode::kInvalidArgument, "USAGE", message);
}

std::string NearestName(absl::string_view name,
                        const std::vector<std::string>& names) {
  std::string best;
  size_t best_distance = kMaxDistance + 1;
  for (const std::string& candidate : names) {
    const size_t distance = EditDistance(name, candidate);
    if (distance < best_distance && distance < candidate.size()) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

absl::StatusOr<ParsedFlags> ParsedFlags::Parse(
    const std::vector<std::string>& args, const std::vector<FlagSpec>& specs) {
  ParsedFlags parsed;
  for (size_t i = 0; i < args.size(); ++i) {
    const std::string& argument = args[i];
    if (argument == "--") {
      parsed.words_.insert(parsed.words_.end(), args.begin() + i + 1,
                           args.end());
      break;
    }
    if (!IsFlag(argument)) {
      parsed.words_.push_back(argument);
      continue;
    }
    const FlagSpec* spec = FindSpec(argument, specs);
    if (spec == nullptr) return UnknownFlag(argument, specs);
    const size_t equals = argument.find('=');
    std::string value;
    if (spec->value.empty()) {
      if (equals != std::string::npos) {
        return UsageError(
            absl::StrCat("--", spec->name, " takes no value; write it alone"));
      }
      value = "true";
    } else if (equals != std::string::npos) {
      value = argument.substr(equals + 1);
    } else if (i + 1 < args.size()) {
      value = args[++i];
    } else {
      return UsageError(absl::StrCat("--", spec->name, " needs a value; write ",
                                     "--", spec->name, " ", spec->value));
    }
    std::vector<std::string>& values = parsed.values_[spec->name];
    values.push_back(value);
    if (values.size() > 1 && !spec->repeated) {
      return UsageError(
          absl::StrCat("--", spec->name, " is given twice; remove one"));
    }
  }
  return parsed;
}

absl::Status ParsedFlags::CheckRequired(
    const std::vector<FlagSpec>& specs) const {
  for (const FlagSpec& spec : specs) {
    if (spec.required && Get(spec.name).empty()) {
      return UsageError(absl::StrCat("--", spec.name, " is missing; add --",
                                     spec.name, " ", spec.value));
    }
  }
  return absl::OkStatus();
}

std::string ParsedFlags::Get(const std::string& name) const {
  const auto found = values_.find(name);
  return found == values_.end() ? "" : found->second.front();
}

std::vector<std::string> ParsedFlags::GetAll(const std::string& name) const {
  const auto found = values_.find(name);
  return found == values_.end() ? std::vector<std::string>() : found->second;
}

absl::StatusOr<int64_t> ParsedFlags::GetInt(const std::string& name,
                                            int64_t min, int64_t max,
                                            int64_t fallback) const {
  if (!Has(name)) return fallback;
  int64_t value = 0;
  if (!absl::SimpleAtoi(Get(name), &value) || value < min || value > max) {
    return UsageError(absl::StrCat("--", name, " is \"", Get(name),
                                   "\"; give a whole number from ", min, " to ",
                                   max));
  }
  return value;
}

absl::StatusOr<double> ParsedFlags::GetDouble(const std::string& name,
                                              double fallback) const {
  if (!Has(name)) return fallback;
  double value = 0;
  if (!absl::SimpleAtod(Get(name), &value) || !std::isfinite(value)) {
    return UsageError(
        absl::StrCat("--", name, " is \"", Get(name), "\"; give a number"));
  }
  return value;
}

size_t CountLeadingFlags(const std::vector<std::string>& args,
                         const std::vector<FlagSpec>& specs) {
  size_t i = 0;
  while (i < args.size() && IsFlag(args[i]) && args[i] != "--") {
    const FlagSpec* spec = FindSpec(args[i], specs);
    const bool separate = spec != nullptr && !spec->value.empty() &&
                          !absl::StrContains(args[i], '=');
    i += separate ? 2 : 1;
  }
  return std::min(i, args.size());
}

}  // namespace quantd
