#include "base/npy/zip_directory.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/npy/npy_header.h"
#include "base/status_macros.h"

namespace quantd {
namespace {

constexpr int64_t kEndBytes = 22;  // Of the end record, without its comment.
constexpr int64_t kMaxCommentBytes = 65535;
constexpr int64_t kLocatorBytes = 20;  // Of the 64-bit end record.
constexpr int64_t kEnd64Bytes = 56;
constexpr int64_t kEntryBytes = 46;
constexpr int64_t kLocalBytes = 30;
constexpr int64_t kMaxDirectoryBytes = int64_t{64} << 20;
constexpr uint64_t k16Full = 0xffff;
constexpr uint64_t k32Full = 0xffffffff;  // The 64-bit extension has it.

absl::Status Damaged(absl::string_view what) {
  return ArrayInvalid(
      absl::StrCat("the archive is damaged or cut off: ", what));
}

// The number of `num_bytes` bytes at `at`, which are there.
uint64_t Number(absl::string_view bytes, int64_t at, int num_bytes) {
  uint64_t value = 0;
  for (int i = num_bytes; i-- > 0;) {
    value = value << 8 | static_cast<uint8_t>(bytes[at + i]);
  }
  return value;
}

absl::StatusOr<std::string> ReadExactly(const ReadFile& file, int64_t offset,
                                        int64_t num_bytes) {
  ASSIGN_OR_RETURN(std::string bytes, file.ReadAt(offset, num_bytes));
  if (static_cast<int64_t>(bytes.size()) == num_bytes) return bytes;
  return Damaged("it ends too early");
}

struct Directory {
  uint64_t num_members = 0;
  uint64_t size = 0;
  uint64_t offset = 0;
};

// Replaces what does not fit 32 bits; `end` is where the end record begins.
absl::Status ReadEnd64(const ReadFile& file, int64_t end,
                       Directory* directory) {
  if (end < kLocatorBytes) return Damaged("its 64-bit end is missing");
  ASSIGN_OR_RETURN(const std::string locator,
                   ReadExactly(file, end - kLocatorBytes, kLocatorBytes));
  if (locator.substr(0, 4) != "PK\6\7") {
    return Damaged("its 64-bit end is missing");
  }
  const uint64_t offset = Number(locator, 8, 8);
  if (offset > static_cast<uint64_t>(end)) {
    return Damaged("its 64-bit end is beyond its end");
  }
  ASSIGN_OR_RETURN(
      const std::string record,
      ReadExactly(file, static_cast<int64_t>(offset), kEnd64Bytes));
  if (record.substr(0, 4) != "PK\6\6") {
    return Damaged("its 64-bit end is missing");
  }
  directory->num_members = Number(record, 32, 8);
  directory->size = Number(record, 40, 8);
  directory->offset = Number(record, 48, 8);
  return absl::OkStatus();
}

absl::StatusOr<Directory> FindDirectory(const ReadFile& file,
                                        int64_t file_size) {
  const int64_t tail_size = std::min(file_size, kEndBytes + kMaxCommentBytes);
  const int64_t tail_start = file_size - tail_size;
  ASSIGN_OR_RETURN(const std::string tail,
                   ReadExactly(file, tail_start, tail_size));
  const size_t at = tail.rfind("PK\5\6");
  if (at == std::string::npos || at + kEndBytes > tail.size()) {
    return ArrayInvalid(
        "it is no .npz archive, or cut off: write it with "
        "numpy.savez()");
  }
  Directory directory;
  directory.num_members = Number(tail, at + 10, 2);
  directory.size = Number(tail, at + 12, 4);
  directory.offset = Number(tail, at + 16, 4);
  if (Number(tail, at + 4, 2) != Number(tail, at + 6, 2)) {
    return ArrayInvalid("the archive is in several parts; give one file");
  }
  if (directory.num_members == k16Full || directory.size == k32Full ||
      directory.offset == k32Full) {
    RETURN_IF_ERROR(ReadEnd64(file, tail_start + at, &directory));
  }
  if (directory.size > static_cast<uint64_t>(kMaxDirectoryBytes) ||
      directory.offset > static_cast<uint64_t>(file_size) ||
      directory.num_members > directory.size / kEntryBytes) {
    return Damaged("its directory lies outside of it");
  }
  return directory;
}

// Takes from the extra fields of an entry what does not fit 32 bits.
absl::Status ReadExtra64(absl::string_view extra, uint64_t* size,
                         uint64_t* packed_size, uint64_t* offset) {
  while (extra.size() >= 4) {
    const uint64_t id = Number(extra, 0, 2);
    const uint64_t length = Number(extra, 2, 2);
    extra.remove_prefix(4);
    if (length > extra.size()) break;
    absl::string_view field = extra.substr(0, length);
    extra.remove_prefix(length);
    if (id != 1) continue;
    for (uint64_t* value : {size, packed_size, offset}) {
      if (*value != k32Full) continue;
      if (field.size() < 8) return Damaged("a member has no 64-bit size");
      *value = Number(field, 0, 8);
      field.remove_prefix(8);
    }
    return absl::OkStatus();
  }
  return absl::OkStatus();
}

// The member of one entry of the directory, the offset being that of its local
// header.
absl::StatusOr<ZipMember> ReadEntry(absl::string_view entry,
                                    absl::string_view name,
                                    absl::string_view extra,
                                    int64_t file_size) {
  ZipMember member;
  member.name = std::string(name);
  const uint64_t flags = Number(entry, 8, 2);
  const uint64_t method = Number(entry, 10, 2);
  if ((flags & 1) != 0) {
    return ArrayInvalid(absl::StrCat("member \"", name, "\" is encrypted"));
  }
  if (method != 0 && method != 8) {
    return ArrayInvalid(absl::StrCat(
        "member \"", name, "\" is packed by method ", method,
        "; stored and deflated ones are read, as numpy.savez() and "
        "numpy.savez_compressed() write them"));
  }
  member.deflated = method == 8;
  member.crc32 = static_cast<uint32_t>(Number(entry, 16, 4));
  uint64_t packed_size = Number(entry, 20, 4);
  uint64_t size = Number(entry, 24, 4);
  uint64_t offset = Number(entry, 42, 4);
  RETURN_IF_ERROR(ReadExtra64(extra, &size, &packed_size, &offset));
  const auto limit = static_cast<uint64_t>(file_size);
  if (offset > limit || packed_size > limit || size > uint64_t{1} << 62 ||
      (!member.deflated && packed_size != size)) {
    return Damaged(absl::StrCat("member \"", name, "\" lies outside of it"));
  }
  member.packed_size = static_cast<int64_t>(packed_size);
  member.size = static_cast<int64_t>(size);
  member.offset = static_cast<int64_t>(offset);
  return member;
}

// Moves `member`'s offset behind its local header.
absl::Status SkipLocalHeader(const ReadFile& file, int64_t file_size,
                             ZipMember* member) {
  ASSIGN_OR_RETURN(const std::string local,
                   ReadExactly(file, member->offset, kLocalBytes));
  if (local.substr(0, 4) != "PK\3\4") {
    return Damaged(absl::StrCat("member \"", member->name, "\" is not there"));
  }
  member->offset += kLocalBytes + static_cast<int64_t>(Number(local, 26, 2)) +
                    static_cast<int64_t>(Number(local, 28, 2));
  if (member->offset > file_size - member->packed_size) {
    return Damaged(absl::StrCat("member \"", member->name, "\" is cut off"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<ZipMember>> ReadZipDirectory(const ReadFile& file,
                                                        int64_t file_size) {
  ASSIGN_OR_RETURN(const Directory directory, FindDirectory(file, file_size));
  ASSIGN_OR_RETURN(const std::string bytes,
                   ReadExactly(file, static_cast<int64_t>(directory.offset),
                               static_cast<int64_t>(directory.size)));
  absl::string_view rest = bytes;
  std::vector<ZipMember> members;
  for (uint64_t i = 0; i < directory.num_members; ++i) {
    if (rest.size() < kEntryBytes || rest.substr(0, 4) != "PK\1\2") {
      return Damaged("its directory has fewer members than it says");
    }
    const uint64_t name_size = Number(rest, 28, 2);
    const uint64_t extra_size = Number(rest, 30, 2);
    const uint64_t entry_size =
        kEntryBytes + name_size + extra_size + Number(rest, 32, 2);
    if (entry_size > rest.size()) return Damaged("its directory is cut off");
    ASSIGN_OR_RETURN(
        ZipMember member,
        ReadEntry(rest, rest.substr(kEntryBytes, name_size),
                  rest.substr(kEntryBytes + name_size, extra_size), file_size));
    RETURN_IF_ERROR(SkipLocalHeader(file, file_size, &member));
    members.push_back(std::move(member));
    rest.remove_prefix(entry_size);
  }
  return members;
}

}  // namespace quantd
