#include "storage/page_token.h"

#include <algorithm>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/sha256.h"
#include "openssl/crypto.h"

namespace quantd::storage {
namespace {

constexpr size_t kMacBytes = 16;

std::string Mac(absl::string_view secret, absl::string_view binding,
                absl::string_view position) {
  return HmacSha256(secret,
                    absl::StrCat(binding.size(), ":", binding, position))
      .substr(0, kMacBytes);
}

}  // namespace

std::string MakePageToken(absl::string_view secret, absl::string_view binding,
                          absl::string_view position) {
  return absl::WebSafeBase64Escape(
      absl::StrCat(Mac(secret, binding, position), position));
}

absl::StatusOr<std::string> ParsePageToken(absl::string_view secret,
                                           absl::string_view binding,
                                           absl::string_view token) {
  std::string bytes;
  if (token.size() <= 1024 && absl::WebSafeBase64Unescape(token, &bytes) &&
      bytes.size() >= kMacBytes) {
    const std::string position = bytes.substr(kMacBytes);
    const std::string mac = Mac(secret, binding, position);
    if (CRYPTO_memcmp(mac.data(), bytes.data(), kMacBytes) == 0) {
      return position;
    }
  }
  return Error(absl::StatusCode::kInvalidArgument, "PAGE_TOKEN_INVALID",
               "page_token is not from an answer to the same request: start "
               "again without it",
               {{"field", "page_token"}});
}

absl::StatusOr<int64_t> EffectivePageSize(int64_t page_size) {
  if (page_size < 0) {
    return Error(absl::StatusCode::kInvalidArgument, "OPTION_OUT_OF_RANGE",
                 absl::StrCat("page_size is ", page_size, ": use 0..",
                              Limits().max_page_size),
                 {{"option", "page_size"},
                  {"value", absl::StrCat(page_size)},
                  {"allowed", "0..1000"}});
  }
  if (page_size == 0) return Limits().default_page_size;
  return std::min(page_size, Limits().max_page_size);
}

}  // namespace quantd::storage
