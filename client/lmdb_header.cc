#include "client/lmdb_header.h"

#include <cstring>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"

namespace quantd {
namespace {

constexpr uint32_t kMagic = 0xBEEFC0DE;
constexpr uint32_t kVersion = 1;
constexpr int64_t kMinPageSize = 512;
constexpr int64_t kMaxPageSize = 65536;

// Offsets in a meta page: 16 bytes of page header come first.
constexpr int64_t kMagicOffset = 16;
constexpr int64_t kVersionOffset = 20;
constexpr int64_t kPageSizeOffset = 40;  // In the free list's descriptor.
constexpr int64_t kFlagsOffset = 92;     // Of the main database.
constexpr int64_t kEntriesOffset = 120;
constexpr int64_t kLastPageOffset = 136;
constexpr int64_t kTransactionOffset = 144;
constexpr int64_t kMetaBytes = 152;

absl::Status Corrupt(const std::string& path, absl::string_view what) {
  return Error(
      absl::StatusCode::kFailedPrecondition, "LMDB_CORRUPT",
      absl::StrCat(path, ": ", what, "; make the LMDB again, or copy it whole"),
      {{"file", path}});
}

template <typename T>
T Load(absl::string_view bytes, int64_t offset) {
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof(value));
  return value;
}

absl::Status CheckMeta(absl::string_view meta, const std::string& path) {
  if (static_cast<int64_t>(meta.size()) < kMetaBytes) {
    return Corrupt(path, "the file is too short to be an LMDB");
  }
  if (Load<uint32_t>(meta, kMagicOffset) != kMagic) {
    return Corrupt(path, "this is not an LMDB file (wrong magic number)");
  }
  if (Load<uint32_t>(meta, kVersionOffset) != kVersion) {
    return Corrupt(path, "the LMDB format version is not 1");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<LmdbHeader> ParseLmdbHeader(absl::string_view bytes,
                                           int64_t file_size,
                                           const std::string& path) {
  RETURN_IF_ERROR(CheckMeta(bytes, path));
  LmdbHeader header;
  header.page_size = Load<uint32_t>(bytes, kPageSizeOffset);
  if (header.page_size < kMinPageSize || header.page_size > kMaxPageSize ||
      (header.page_size & (header.page_size - 1)) != 0) {
    return Corrupt(path,
                   absl::StrCat("impossible page size ", header.page_size));
  }
  if (static_cast<int64_t>(bytes.size()) < header.page_size + kMetaBytes) {
    return Corrupt(path, "the file is too short to be an LMDB");
  }
  absl::string_view second = bytes.substr(header.page_size);
  RETURN_IF_ERROR(CheckMeta(second, path));
  // The newer of the two is in force.
  absl::string_view meta = Load<uint64_t>(second, kTransactionOffset) >
                                   Load<uint64_t>(bytes, kTransactionOffset)
                               ? second
                               : bytes;
  const uint64_t last_page = Load<uint64_t>(meta, kLastPageOffset);
  const uint64_t file_pages = file_size / header.page_size;
  if (last_page >= file_pages) {
    return Corrupt(path, absl::StrCat("the file is truncated: it should have ",
                                      last_page, " pages after the first, it ",
                                      "has ", file_size, " bytes"));
  }
  if (Load<uint16_t>(meta, kFlagsOffset) != 0) {
    return Corrupt(path,
                   "the LMDB has duplicate keys or another key order, "
                   "unlike Caffe's");
  }
  const uint64_t entries = Load<uint64_t>(meta, kEntriesOffset);
  if (entries > static_cast<uint64_t>(file_size)) {
    return Corrupt(path, absl::StrCat("impossible record count ", entries));
  }
  header.num_pages = static_cast<int64_t>(last_page) + 1;
  header.num_records = static_cast<int64_t>(entries);
  return header;
}

}  // namespace quantd
