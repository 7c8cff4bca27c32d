#include "base/sha256.h"

#include <cstdlib>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "openssl/evp.h"
#include "openssl/hmac.h"

namespace quantd {
namespace {

constexpr size_t kDigestBytes = 32;

// SHA-256 over memory fails only without memory for the context: die.
void Require(bool ok) {
  if (!ok) std::abort();
}

}  // namespace

void Sha256::Deleter::operator()(evp_md_ctx_st* context) const {
  EVP_MD_CTX_free(context);
}

Sha256::Sha256() : context_(EVP_MD_CTX_new()) { Reset(); }
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::Update(absl::string_view data) {
  Require(EVP_DigestUpdate(context_.get(), data.data(), data.size()) == 1);
}

std::string Sha256::Hex() const {
  std::unique_ptr<evp_md_ctx_st, Deleter> copy(EVP_MD_CTX_new());
  Require(copy != nullptr &&
          EVP_MD_CTX_copy_ex(copy.get(), context_.get()) == 1);
  std::string digest(kDigestBytes, '\0');
  unsigned int size = 0;
  Require(EVP_DigestFinal_ex(copy.get(),
                             reinterpret_cast<unsigned char*>(digest.data()),
                             &size) == 1);
  return absl::BytesToHexString(digest);
}

void Sha256::Reset() {
  Require(context_ != nullptr &&
          EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1);
}

std::string Sha256Hex(absl::string_view data) {
  Sha256 hash;
  hash.Update(data);
  return hash.Hex();
}

std::string HmacSha256(absl::string_view key, absl::string_view data) {
  std::string digest(kDigestBytes, '\0');
  unsigned int size = 0;
  Require(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
               reinterpret_cast<const unsigned char*>(data.data()), data.size(),
               reinterpret_cast<unsigned char*>(digest.data()),
               &size) != nullptr);
  return digest;
}

bool IsSha256Hex(absl::string_view text) {
  if (text.size() != 2 * kDigestBytes) return false;
  for (const char c : text) {
    if (!absl::ascii_isdigit(c) && !(c >= 'a' && c <= 'f')) return false;
  }
  return true;
}

}  // namespace quantd
