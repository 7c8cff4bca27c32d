// Errors about a value of a configuration file, in either of its forms: where
// it stands, what was found, what is allowed.
#ifndef QUANTD_ENGINE_CONFIG_CONFIG_PLACE_H_
#define QUANTD_ENGINE_CONFIG_CONFIG_PLACE_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "base/error.h"

namespace quantd {

// Where a value stands; part of every message and its metadata.
struct ConfigPlace {
  std::string file;
  std::string layer;  // Empty for values of the whole net.
  // From 1; 0: not known.
  int line = 0;
  int column = 0;
};

// `reason` at `place`, with `metadata` and the place's own.
absl::Status PlaceError(absl::StatusCode code, absl::string_view reason,
                        absl::string_view message, const ConfigPlace& place,
                        ErrorMetadata metadata);

// INVALID_ARGUMENT, OPTION_OUT_OF_RANGE with AMCT's `rule`, what was found and
// what is allowed.
absl::Status RangeError(absl::string_view field, absl::string_view value,
                        absl::string_view rule, absl::string_view allowed,
                        const ConfigPlace& place);

// OK if no item of the list `field` is there twice.
// Errors: INVALID_ARGUMENT, CONFIG_PARSE naming the repeated ones.
absl::Status CheckNoneRepeated(absl::string_view field,
                               const std::vector<std::string>& items,
                               const ConfigPlace& place);

}  // namespace quantd

#endif  // QUANTD_ENGINE_CONFIG_CONFIG_PLACE_H_
