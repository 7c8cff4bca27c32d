#include "engine/data/lmdb_check.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"

namespace quantd {
namespace {

// The format of LMDB 0.9 (data version 1) on 64-bit little-endian machines.
// A page starts with: u64 number, u16 pad, u16 flags, and u16 lower, u16 upper
// (or u32 pages, for overflow pages); u16 node offsets follow.
constexpr size_t kPageHeaderBytes = 16;
constexpr uint16_t kBranchPage = 0x01;
constexpr uint16_t kLeafPage = 0x02;
constexpr uint16_t kOverflowPage = 0x04;
constexpr uint16_t kMetaPage = 0x08;
constexpr uint16_t kKindMask = 0x7f & ~0x10;  // All but "dirty".
// A node: u16 low, u16 high, u16 flags, u16 key size, key, value.
constexpr size_t kNodeHeaderBytes = 8;
constexpr uint16_t kBigData = 0x01;
// Meta page, after the page header: u32 magic, u32 version, u64 address, u64
// map size, free DB, main DB, u64 last page, u64 transaction.
constexpr uint32_t kMagic = 0xBEEFC0DE;
constexpr uint32_t kVersion = 1;
constexpr size_t kMainDbOffset = 24 + 48;
constexpr size_t kMetaBytes = 24 + 2 * 48 + 16;
constexpr uint64_t kNoPage = ~uint64_t{0};
constexpr int kMaxDepth = 32;  // LMDB's cursor stack.

template <typename T>
T Load(const char* bytes) {
  T value;
  std::memcpy(&value, bytes, sizeof(value));
  return value;
}

struct Meta {
  size_t page_bytes = 0;
  uint16_t flags = 0;  // Of the main DB.
  uint16_t depth = 0;
  uint64_t num_entries = 0;
  uint64_t root = 0;
  uint64_t last_page = 0;
  uint64_t transaction = 0;
};

class Checker {
 public:
  Checker(const std::string& path, int fd, uint64_t file_bytes)
      : path_(path), fd_(fd), file_bytes_(file_bytes) {}

  absl::StatusOr<int64_t> Run() {
    RETURN_IF_ERROR(ReadMetas());
    if (meta_.flags != 0) {
      return Corrupt("its records are not in byte-wise key order");
    }
    if (meta_.root == kNoPage) return 0;
    if (meta_.depth == 0 || meta_.depth > kMaxDepth) {
      return Corrupt("the depth of its tree is impossible");
    }
    RETURN_IF_ERROR(CheckTree());
    if (num_entries_ != meta_.num_entries) {
      return Corrupt(absl::StrCat("it holds ", num_entries_,
                                  " records but says ", meta_.num_entries));
    }
    return static_cast<int64_t>(num_entries_);
  }

 private:
  absl::Status Corrupt(absl::string_view why) const {
    return Error(absl::StatusCode::kFailedPrecondition, "DATASET_CORRUPT",
                 absl::StrCat("LMDB file ", path_, ": ", why,
                              "; copy or create it again"),
                 {{"file", path_}});
  }

  absl::Status Read(uint64_t offset, size_t num_bytes, char* to) const {
    while (num_bytes > 0) {
      const ssize_t n = pread(fd_, to, num_bytes, static_cast<off_t>(offset));
      if (n <= 0) return Corrupt("it is cut short or cannot be read");
      offset += static_cast<uint64_t>(n);
      num_bytes -= static_cast<size_t>(n);
      to += n;
    }
    return absl::OkStatus();
  }

  absl::StatusOr<Meta> ReadMeta(uint64_t offset) const {
    char page[kPageHeaderBytes + kMetaBytes];
    RETURN_IF_ERROR(Read(offset, sizeof(page), page));
    const char* body = page + kPageHeaderBytes;
    if ((Load<uint16_t>(page + 10) & kMetaPage) == 0 ||
        Load<uint32_t>(body) != kMagic) {
      return Corrupt("it is not an LMDB");
    }
    if (Load<uint32_t>(body + 4) != kVersion) {
      return Corrupt("its LMDB version is not known");
    }
    Meta meta;
    meta.page_bytes = Load<uint32_t>(body + 24);
    const char* main_db = body + kMainDbOffset;
    meta.flags = Load<uint16_t>(main_db + 4);
    meta.depth = Load<uint16_t>(main_db + 6);
    meta.num_entries = Load<uint64_t>(main_db + 32);
    meta.root = Load<uint64_t>(main_db + 40);
    meta.last_page = Load<uint64_t>(body + 24 + 2 * 48);
    meta.transaction = Load<uint64_t>(body + 24 + 2 * 48 + 8);
    return meta;
  }

  // The newer of the two meta pages counts.
  absl::Status ReadMetas() {
    if (file_bytes_ < kPageHeaderBytes + kMetaBytes) {
      return Corrupt("it is too short for an LMDB");
    }
    ASSIGN_OR_RETURN(const Meta first, ReadMeta(0));
    const size_t page_bytes = first.page_bytes;
    if (page_bytes < 512 || page_bytes > 65536 ||
        (page_bytes & (page_bytes - 1)) != 0) {
      return Corrupt("its page size is impossible");
    }
    ASSIGN_OR_RETURN(const Meta second, ReadMeta(page_bytes));
    meta_ = second.transaction > first.transaction ? second : first;
    meta_.page_bytes = page_bytes;
    num_pages_ = std::min(meta_.last_page, kNoPage - 1) + 1;
    return absl::OkStatus();
  }

  // Pages number, number + 1, ..., number + count - 1 exist in the file.
  absl::Status CheckPages(uint64_t number, uint64_t count) const {
    if (number < 2 || count == 0 || number >= num_pages_ ||
        count > num_pages_ - number) {
      return Corrupt(absl::StrCat("page ", number, " does not exist"));
    }
    if (number + count > file_bytes_ / meta_.page_bytes) {
      return Corrupt(absl::StrCat("page ", number, " is missing: the file is ",
                                  "cut short at ", file_bytes_, " bytes"));
    }
    return absl::OkStatus();
  }

  // Depth first, in key order, with an explicit stack of (page, depth). A tree
  // that shares pages or has a cycle has more nodes than pages.
  absl::Status CheckTree() {
    std::vector<std::pair<uint64_t, int>> stack = {{meta_.root, 1}};
    page_.resize(meta_.page_bytes);
    uint64_t num_visited = 0;
    while (!stack.empty()) {
      const auto [number, depth] = stack.back();
      stack.pop_back();
      if (++num_visited > num_pages_) return Corrupt("its tree has a cycle");
      RETURN_IF_ERROR(CheckPages(number, 1));
      RETURN_IF_ERROR(
          Read(number * meta_.page_bytes, meta_.page_bytes, page_.data()));
      const bool is_leaf = depth == meta_.depth;
      RETURN_IF_ERROR(CheckHeader(number, is_leaf));
      for (size_t i = NumKeys(); i-- > 0;) {
        RETURN_IF_ERROR(is_leaf ? CheckLeafNode(number, i)
                                : PushChild(number, i, depth, &stack));
      }
    }
    return absl::OkStatus();
  }

  size_t NumKeys() const {
    return (Load<uint16_t>(page_.data() + 12) - kPageHeaderBytes) / 2;
  }

  absl::Status CheckHeader(uint64_t number, bool is_leaf) const {
    const size_t lower = Load<uint16_t>(page_.data() + 12);
    const size_t upper = Load<uint16_t>(page_.data() + 14);
    const uint16_t kind = Load<uint16_t>(page_.data() + 10) & kKindMask;
    if (Load<uint64_t>(page_.data()) != number ||
        kind != (is_leaf ? kLeafPage : kBranchPage) ||
        lower < kPageHeaderBytes + 2 || lower % 2 != 0 || upper < lower ||
        upper > meta_.page_bytes) {
      return Corrupt(absl::StrCat("page ", number, " is damaged"));
    }
    return absl::OkStatus();
  }

  // The bytes of node `index` from its header to the end of the page; the key
  // is known to fit.
  absl::StatusOr<absl::string_view> Node(uint64_t number, size_t index) const {
    const size_t offset =
        Load<uint16_t>(page_.data() + kPageHeaderBytes + 2 * index);
    const size_t upper = Load<uint16_t>(page_.data() + 14);
    if (offset < upper || offset + kNodeHeaderBytes > page_.size() ||
        offset + kNodeHeaderBytes + Load<uint16_t>(page_.data() + offset + 6) >
            page_.size()) {
      return Corrupt(
          absl::StrCat("node ", index, " of page ", number, " is damaged"));
    }
    return absl::string_view(page_.data() + offset, page_.size() - offset);
  }

  absl::Status PushChild(uint64_t number, size_t index, int depth,
                         std::vector<std::pair<uint64_t, int>>* stack) const {
    ASSIGN_OR_RETURN(const absl::string_view node, Node(number, index));
    const uint64_t child = Load<uint16_t>(node.data()) |
                           uint64_t{Load<uint16_t>(node.data() + 2)} << 16 |
                           uint64_t{Load<uint16_t>(node.data() + 4)} << 32;
    stack->emplace_back(child, depth + 1);
    return absl::OkStatus();
  }

  absl::Status CheckLeafNode(uint64_t number, size_t index) {
    ASSIGN_OR_RETURN(const absl::string_view node, Node(number, index));
    const uint64_t value_bytes =
        Load<uint16_t>(node.data()) | uint64_t{Load<uint16_t>(node.data() + 2)}
                                          << 16;
    const uint16_t flags = Load<uint16_t>(node.data() + 4);
    const size_t value = kNodeHeaderBytes + Load<uint16_t>(node.data() + 6);
    const bool big = flags == kBigData;
    if ((flags != 0 && !big) ||
        value + (big ? sizeof(uint64_t) : value_bytes) > node.size()) {
      return Corrupt(
          absl::StrCat("record ", index, " of page ", number, " is damaged"));
    }
    ++num_entries_;
    return big ? CheckOverflow(Load<uint64_t>(node.data() + value), value_bytes)
               : absl::OkStatus();
  }

  // A value that has pages of its own.
  absl::Status CheckOverflow(uint64_t number, uint64_t value_bytes) const {
    const uint64_t count =
        (kPageHeaderBytes + value_bytes + meta_.page_bytes - 1) /
        meta_.page_bytes;
    RETURN_IF_ERROR(CheckPages(number, count));
    char header[kPageHeaderBytes];
    RETURN_IF_ERROR(Read(number * meta_.page_bytes, sizeof(header), header));
    if (Load<uint64_t>(header) != number ||
        (Load<uint16_t>(header + 10) & kKindMask) != kOverflowPage ||
        Load<uint32_t>(header + 12) < count) {
      return Corrupt(absl::StrCat("page ", number, " is damaged"));
    }
    return absl::OkStatus();
  }

  const std::string& path_;
  const int fd_;
  const uint64_t file_bytes_;
  Meta meta_;
  uint64_t num_pages_ = 0;
  uint64_t num_entries_ = 0;
  std::vector<char> page_;
};

}  // namespace

absl::StatusOr<int64_t> CheckLmdbFile(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat info;
  if (fd < 0 || fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
    const std::string why = fd < 0 ? std::strerror(errno) : "not a plain file";
    if (fd >= 0) close(fd);
    return Error(absl::StatusCode::kFailedPrecondition, "DATASET_CORRUPT",
                 absl::StrCat("cannot read LMDB file ", path, ": ", why),
                 {{"file", path}});
  }
  absl::StatusOr<int64_t> result =
      Checker(path, fd, static_cast<uint64_t>(info.st_size)).Run();
  close(fd);
  return result;
}

}  // namespace quantd
