// Page tokens: where the next page starts, authenticated and bound to the
// list's other arguments, so that a client can neither read nor forge one.
#ifndef QUANTD_STORAGE_PAGE_TOKEN_H_
#define QUANTD_STORAGE_PAGE_TOKEN_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace quantd::storage {

// `position` (any bytes, the store's own) as a URL-safe token. `binding` stands
// for the other arguments.
std::string MakePageToken(absl::string_view secret, absl::string_view binding,
                          absl::string_view position);

// The position in `token`. INVALID_ARGUMENT, PAGE_TOKEN_INVALID if it is not
// from MakePageToken with the same secret and binding.
absl::StatusOr<std::string> ParsePageToken(absl::string_view secret,
                                           absl::string_view binding,
                                           absl::string_view token);

// The number of rows for a requested page_size: 0 is the default, too many are
// cut. INVALID_ARGUMENT, OPTION_OUT_OF_RANGE for a negative one.
absl::StatusOr<int64_t> EffectivePageSize(int64_t page_size);

}  // namespace quantd::storage

#endif  // QUANTD_STORAGE_PAGE_TOKEN_H_
