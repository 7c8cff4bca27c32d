#include "base/lmdb/lmdb_meta.h"

#include <cstring>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace quantd {
namespace {

// Offsets from the start of the page. The page header has 16 bytes; a database
// descriptor has 48: u32 pad, u16 flags, u16 depth, 3 * u64 page counts, u64
// entries, u64 root. The first one is the free list's, whose pad is the page
// size.
constexpr size_t kPageFlags = 10;
constexpr size_t kMagicAt = 16;
constexpr size_t kVersionAt = 20;
constexpr size_t kPageSizeAt = 40;
constexpr size_t kMainDb = 88;
constexpr size_t kFlagsAt = kMainDb + 4;
constexpr size_t kDepthAt = kMainDb + 6;
constexpr size_t kEntriesAt = kMainDb + 32;
constexpr size_t kRootAt = kMainDb + 40;
constexpr size_t kLastPageAt = 136;
constexpr size_t kTransactionAt = 144;

constexpr uint32_t kMagic = 0xBEEFC0DE;
constexpr uint32_t kSwappedMagic = 0xDEC0EFBE;
constexpr uint32_t kVersion = 1;
constexpr uint16_t kMetaPage = 0x08;
constexpr uint16_t kDupSort = 0x04;
constexpr size_t kMinPageBytes = 256;
constexpr size_t kMaxPageBytes = 65536;

template <typename T>
T Load(absl::string_view bytes, size_t offset) {
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof(value));
  return value;
}

absl::Status CheckMagic(absl::string_view page) {
  const auto magic = Load<uint32_t>(page, kMagicAt);
  if (magic == kMagic) return absl::OkStatus();
  // The page header has 12 bytes where a page number has 4.
  const auto magic32 = Load<uint32_t>(page, kMagicAt - 4);
  if (magic == kSwappedMagic || magic32 == kSwappedMagic) {
    return absl::InvalidArgumentError(
        "is an LMDB of a big-endian machine, and LMDBs are not portable");
  }
  if (magic32 == kMagic) {
    return absl::InvalidArgumentError(
        "is an LMDB of a 32-bit machine, and LMDBs are not portable");
  }
  return absl::InvalidArgumentError(
      "is not an LMDB (it does not start like one)");
}

absl::Status CheckFlags(uint16_t flags) {
  if ((flags & kDupSort) != 0) {
    return absl::InvalidArgumentError("has duplicate keys, unlike Caffe's");
  }
  if (flags != 0) {
    return absl::InvalidArgumentError(
        "has reversed or integer keys, not Caffe's byte-wise key order");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<LmdbMeta> ParseLmdbMeta(absl::string_view page) {
  if (page.size() < LmdbMeta::kBytes) {
    return absl::InvalidArgumentError("is too short to be an LMDB");
  }
  RETURN_IF_ERROR(CheckMagic(page));
  const auto version = Load<uint32_t>(page, kVersionAt);
  if (version != kVersion) {
    return absl::InvalidArgumentError(absl::StrCat(
        "has LMDB data version ", version,
        ", but only version 1 (LMDB 0.9), not encrypted, is read"));
  }
  if ((Load<uint16_t>(page, kPageFlags) & kMetaPage) == 0) {
    return absl::InvalidArgumentError("has a damaged meta page");
  }
  LmdbMeta meta;
  meta.page_bytes = Load<uint32_t>(page, kPageSizeAt);
  if (meta.page_bytes < kMinPageBytes || meta.page_bytes > kMaxPageBytes ||
      (meta.page_bytes & (meta.page_bytes - 1)) != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("has the impossible page size ", meta.page_bytes));
  }
  RETURN_IF_ERROR(CheckFlags(Load<uint16_t>(page, kFlagsAt)));
  meta.depth = Load<uint16_t>(page, kDepthAt);
  meta.num_records = Load<uint64_t>(page, kEntriesAt);
  meta.root = Load<uint64_t>(page, kRootAt);
  meta.last_page = Load<uint64_t>(page, kLastPageAt);
  meta.transaction = Load<uint64_t>(page, kTransactionAt);
  return meta;
}

}  // namespace quantd
