#include "base/random_id.h"

#include <cstdlib>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "openssl/rand.h"

namespace quantd {

std::string RandomBytes(size_t num_bytes) {
  std::string bytes(num_bytes, '\0');
  // Fails only where the system has no random source: die.
  if (RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()),
                 static_cast<int>(num_bytes)) != 1) {
    std::abort();
  }
  return bytes;
}

std::string RandomUuid() {
  std::string bytes = RandomBytes(16);
  bytes[6] = static_cast<char>((bytes[6] & 0x0f) | 0x40);
  bytes[8] = static_cast<char>((bytes[8] & 0x3f) | 0x80);
  const std::string hex = absl::BytesToHexString(bytes);
  return absl::StrCat(hex.substr(0, 8), "-", hex.substr(8, 4), "-",
                      hex.substr(12, 4), "-", hex.substr(16, 4), "-",
                      hex.substr(20));
}

std::string RandomId(absl::string_view prefix) {
  // 32 of the 36 letters and digits: five bits a character, no bias.
  constexpr char kAlphabet[] = "abcdefghijkmnpqrstuvwxyz23456789";
  static_assert(sizeof(kAlphabet) == 33);
  std::string id = absl::StrCat(prefix, "-");
  for (const char byte : RandomBytes(16)) id += kAlphabet[byte & 31];
  return id;
}

}  // namespace quantd
