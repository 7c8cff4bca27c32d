// SHA-256, streaming.
#ifndef QUANTD_BASE_SHA256_H_
#define QUANTD_BASE_SHA256_H_

#include <memory>
#include <string>

#include "absl/strings/string_view.h"

struct evp_md_ctx_st;

namespace quantd {

// Threads: compatible, not safe.
//
// Example:
//   Sha256 hash;
//   hash.Update("a");
//   hash.Update("bc");
//   hash.Hex();  // ba7816bf...
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;

  void Update(absl::string_view data);

  // Digest of all data so far, 64 lower-case hexadecimal digits. Update may go
  // on afterwards.
  std::string Hex() const;

  // Forgets all data.
  void Reset();

 private:
  struct Deleter {
    void operator()(evp_md_ctx_st* context) const;
  };
  std::unique_ptr<evp_md_ctx_st, Deleter> context_;
};

// Digest of `data`.
std::string Sha256Hex(absl::string_view data);

// HMAC-SHA-256 of `data`, 32 raw bytes.
std::string HmacSha256(absl::string_view key, absl::string_view data);

// True for 64 lower-case hexadecimal digits.
bool IsSha256Hex(absl::string_view text);

}  // namespace quantd

#endif  // QUANTD_BASE_SHA256_H_
