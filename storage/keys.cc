#include "storage/keys.h"

#include "absl/strings/match.h"

namespace quantd::storage {

std::string EncodeNumber(uint64_t number) {
  std::string bytes(8, '\0');
  for (int i = 7; i >= 0; --i) {
    bytes[i] = static_cast<char>(number & 0xff);
    number >>= 8;
  }
  return bytes;
}

uint64_t DecodeNumber(absl::string_view bytes) {
  uint64_t number = 0;
  for (const char byte : bytes.substr(0, 8)) {
    number = (number << 8) | static_cast<unsigned char>(byte);
  }
  return number;
}

int64_t OrderKeySequence(absl::string_view key) {
  if (key.size() != kOrderPrefix.size() + 8 ||
      !absl::StartsWith(key, kOrderPrefix)) {
    return 0;
  }
  return static_cast<int64_t>(~DecodeNumber(key.substr(kOrderPrefix.size())));
}

}  // namespace quantd::storage
