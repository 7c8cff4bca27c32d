// Identifiers that nobody guesses, from the system's random source.
#ifndef QUANTD_BASE_RANDOM_ID_H_
#define QUANTD_BASE_RANDOM_ID_H_

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"

namespace quantd {

// `num_bytes` random bytes.
std::string RandomBytes(size_t num_bytes);

// A random UUID, version 4: "3f2b...-....-4...-....-............".
std::string RandomUuid();

// `prefix`, "-" and 16 of [a-z0-9], 80 random bits: "j-k3v9...". With a prefix
// of [a-z][a-z0-9]* the result matches [a-z][a-z0-9-]{3,62}.
std::string RandomId(absl::string_view prefix);

}  // namespace quantd

#endif  // QUANTD_BASE_RANDOM_ID_H_
