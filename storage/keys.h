// The keys of the rows, as docs/storage_format.md lays them out.
#ifndef QUANTD_STORAGE_KEYS_H_
#define QUANTD_STORAGE_KEYS_H_

#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace quantd::storage {

// Eight bytes, big-endian: sorts as the number does.
std::string EncodeNumber(uint64_t number);
// `bytes` must have eight.
uint64_t DecodeNumber(absl::string_view bytes);

// Table jobs: the row of a job.
inline std::string JobKey(absl::string_view id) {
  return absl::StrCat("j/", id);
}
// Table jobs: index by creation, newest first.
inline constexpr absl::string_view kOrderPrefix = "o/";
inline std::string OrderKey(int64_t create_sequence) {
  return absl::StrCat(kOrderPrefix,
                      EncodeNumber(~static_cast<uint64_t>(create_sequence)));
}
// The create_sequence of a key made by OrderKey; 0 if it is none.
int64_t OrderKeySequence(absl::string_view key);

// Tables events and records: all rows of a job, in order.
inline std::string JobPrefix(absl::string_view id) {
  return absl::StrCat(id, absl::string_view("\0", 1));
}
inline std::string NumberedKey(absl::string_view id, int64_t number) {
  return absl::StrCat(JobPrefix(id),
                      EncodeNumber(static_cast<uint64_t>(number)));
}

// Table meta.
inline constexpr char kCreateSequenceKey[] = "create_sequence";
inline constexpr char kTokenLimitKey[] = "token_limit";

}  // namespace quantd::storage

#endif  // QUANTD_STORAGE_KEYS_H_
