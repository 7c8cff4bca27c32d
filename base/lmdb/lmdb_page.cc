#include "base/lmdb/lmdb_page.h"

#include <cstring>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace quantd {
namespace {

constexpr size_t kFlagsAt = 10;
constexpr size_t kLowerAt = 12;
constexpr size_t kUpperAt = 14;
constexpr size_t kOverflowPagesAt = 12;

constexpr uint16_t kBranchPage = 0x01;
constexpr uint16_t kLeafPage = 0x02;
constexpr uint16_t kOverflowPage = 0x04;
constexpr uint16_t kKindMask = 0x7f & ~0x10;  // All kinds, without "dirty".

// A node: u16 low, u16 high, u16 flags, u16 key bytes, key, value. In a leaf
// low and high are the size of the value, in a branch all three are the child.
constexpr size_t kNodeHeaderBytes = 8;
constexpr uint16_t kBigData = 0x01;
constexpr uint16_t kSubData = 0x02;
constexpr uint16_t kDupData = 0x04;

template <typename T>
T Load(absl::string_view bytes, size_t offset) {
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof(value));
  return value;
}

absl::Status DamagedNode(size_t index) {
  return absl::InvalidArgumentError(
      absl::StrCat("is damaged at its node ", index));
}

}  // namespace

absl::StatusOr<LmdbPage> LmdbPage::Create(absl::string_view bytes,
                                          uint64_t number, Kind kind) {
  const uint16_t wanted = kind == Kind::kLeaf ? kLeafPage : kBranchPage;
  const size_t lower = Load<uint16_t>(bytes, kLowerAt);
  const size_t upper = Load<uint16_t>(bytes, kUpperAt);
  if (Load<uint64_t>(bytes, 0) != number ||
      (Load<uint16_t>(bytes, kFlagsAt) & kKindMask) != wanted ||
      lower < kHeaderBytes + sizeof(uint16_t) || lower % 2 != 0 ||
      upper < lower || upper > bytes.size()) {
    return absl::InvalidArgumentError("is damaged");
  }
  LmdbPage page;
  page.bytes_ = bytes;
  page.num_nodes_ = (lower - kHeaderBytes) / sizeof(uint16_t);
  page.upper_ = upper;
  return page;
}

absl::StatusOr<absl::string_view> LmdbPage::Node(size_t index) const {
  const size_t offset =
      Load<uint16_t>(bytes_, kHeaderBytes + sizeof(uint16_t) * index);
  if (offset < upper_ || offset + kNodeHeaderBytes > bytes_.size() ||
      offset + kNodeHeaderBytes + Load<uint16_t>(bytes_, offset + 6) >
          bytes_.size()) {
    return DamagedNode(index);
  }
  return bytes_.substr(offset);
}

absl::StatusOr<uint64_t> LmdbPage::Child(size_t index) const {
  ASSIGN_OR_RETURN(const absl::string_view node, Node(index));
  return uint64_t{Load<uint16_t>(node, 0)} |
         uint64_t{Load<uint16_t>(node, 2)} << 16 |
         uint64_t{Load<uint16_t>(node, 4)} << 32;
}

absl::StatusOr<LmdbPage::Leaf> LmdbPage::LeafNode(size_t index) const {
  ASSIGN_OR_RETURN(const absl::string_view node, Node(index));
  const auto flags = Load<uint16_t>(node, 4);
  if ((flags & kSubData) != 0) {
    return absl::InvalidArgumentError(
        "holds a named sub-database; Caffe's LMDBs have only records");
  }
  if ((flags & kDupData) != 0) {
    return absl::InvalidArgumentError("holds duplicate keys");
  }
  if ((flags & ~kBigData) != 0) return DamagedNode(index);
  Leaf leaf;
  leaf.key = node.substr(kNodeHeaderBytes, Load<uint16_t>(node, 6));
  leaf.value_bytes = uint32_t{Load<uint16_t>(node, 0)} |
                     uint32_t{Load<uint16_t>(node, 2)} << 16;
  leaf.is_elsewhere = (flags & kBigData) != 0;
  const absl::string_view rest =
      node.substr(kNodeHeaderBytes + leaf.key.size());
  if (rest.size() <
      (leaf.is_elsewhere ? sizeof(uint64_t) : size_t{leaf.value_bytes})) {
    return DamagedNode(index);
  }
  if (leaf.is_elsewhere) {
    leaf.overflow_page = Load<uint64_t>(rest, 0);
  } else {
    leaf.value = rest.substr(0, leaf.value_bytes);
  }
  return leaf;
}

absl::Status CheckOverflowHeader(absl::string_view bytes, uint64_t number,
                                 uint64_t needed) {
  if (Load<uint64_t>(bytes, 0) != number ||
      (Load<uint16_t>(bytes, kFlagsAt) & kKindMask) != kOverflowPage ||
      Load<uint32_t>(bytes, kOverflowPagesAt) < needed) {
    return absl::InvalidArgumentError("is damaged");
  }
  return absl::OkStatus();
}

}  // namespace quantd
