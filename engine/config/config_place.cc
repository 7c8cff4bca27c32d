#include "engine/config/config_place.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace quantd {

absl::Status PlaceError(absl::StatusCode code, absl::string_view reason,
                        absl::string_view message, const ConfigPlace& place,
                        ErrorMetadata metadata) {
  metadata.emplace("file", place.file);
  if (!place.layer.empty()) metadata.emplace("layer", place.layer);
  std::string position;
  if (place.line > 0) {
    metadata.emplace("line", absl::StrCat(place.line));
    metadata.emplace("column", absl::StrCat(place.column));
    position = absl::StrCat(":", place.line, ":", place.column);
  }
  return Error(
      code, reason,
      absl::StrCat(place.file, position, ": ", message,
                   place.layer.empty() ? "" : " in layer ", place.layer),
      std::move(metadata));
}

absl::Status RangeError(absl::string_view field, absl::string_view value,
                        absl::string_view rule, absl::string_view allowed,
                        const ConfigPlace& place) {
  return PlaceError(
      absl::StatusCode::kInvalidArgument, "OPTION_OUT_OF_RANGE",
      absl::StrCat(rule, ", but is ", value, "; allowed: ", allowed), place,
      {{"field", std::string(field)},
       {"option", std::string(field)},
       {"value", std::string(value)},
       {"allowed", std::string(allowed)}});
}

absl::Status CheckNoneRepeated(absl::string_view field,
                               const std::vector<std::string>& items,
                               const ConfigPlace& place) {
  absl::flat_hash_set<absl::string_view> seen;
  std::vector<std::string> repeated;
  for (const std::string& item : items) {
    if (seen.insert(item).second) continue;
    if (std::find(repeated.begin(), repeated.end(), item) == repeated.end()) {
      repeated.push_back(item);
    }
  }
  if (repeated.empty()) return absl::OkStatus();
  const std::string names = absl::StrJoin(repeated, ", ");
  return PlaceError(absl::StatusCode::kInvalidArgument, "CONFIG_PARSE",
                    absl::StrCat("Please delete repeated items in ", field,
                                 ", repeated items are [", names, "]"),
                    place, {{"field", std::string(field)}, {"items", names}});
}

}  // namespace quantd
