// "Did you mean": the names most like a wrong one.
#ifndef QUANTD_ENGINE_CONFIG_SUGGESTIONS_H_
#define QUANTD_ENGINE_CONFIG_SUGGESTIONS_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace quantd {

// Up to three of `names` that are at most a third of the longer name away from
// `wrong` (edit distance), the nearest first. Names beyond 256 bytes are
// compared by their first 256.
std::vector<std::string> Suggestions(absl::string_view wrong,
                                     const std::vector<std::string>& names);

}  // namespace quantd

#endif  // QUANTD_ENGINE_CONFIG_SUGGESTIONS_H_
