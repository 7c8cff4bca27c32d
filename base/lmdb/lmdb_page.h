// One page of an LMDB's tree, read without trust.
#ifndef QUANTD_BASE_LMDB_LMDB_PAGE_H_
#define QUANTD_BASE_LMDB_LMDB_PAGE_H_

#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace quantd {

// A view of a branch or leaf page. Its header is checked by Create(), a node
// when it is asked for: nothing outside of the page is ever read.
//
// Layout, little-endian: u64 number, u16 pad, u16 flags, u16 lower, u16 upper;
// then (lower - 16) / 2 u16 offsets of nodes, in key order; the nodes lie
// between upper and the end.
// Ownership: points into the page's bytes.
// Errors: INVALID_ARGUMENT, a phrase that continues "page 7 ...".
class LmdbPage {
 public:
  static constexpr size_t kHeaderBytes = 16;
  enum class Kind { kBranch, kLeaf };

  // A leaf's node: a key with its value, or with where the value is.
  struct Leaf {
    absl::string_view key;
    absl::string_view value;     // Empty if it is elsewhere.
    uint32_t value_bytes = 0;    // Of the value, wherever it is.
    bool is_elsewhere = false;   // In overflow pages.
    uint64_t overflow_page = 0;  // The first of them.
  };

  LmdbPage() = default;
  // `bytes`: the whole page, which must be page `number` of this kind, with at
  // least one node.
  static absl::StatusOr<LmdbPage> Create(absl::string_view bytes,
                                         uint64_t number, Kind kind);

  size_t num_nodes() const { return num_nodes_; }
  // The page that child `index` of a branch is on. index < num_nodes().
  absl::StatusOr<uint64_t> Child(size_t index) const;
  // Node `index` of a leaf. Refused: sub-databases and lists of duplicates.
  absl::StatusOr<Leaf> LeafNode(size_t index) const;

 private:
  // From the node's header to the end of the page; header and key fit.
  absl::StatusOr<absl::string_view> Node(size_t index) const;

  absl::string_view bytes_;
  size_t num_nodes_ = 0;
  size_t upper_ = 0;
};

// Checks the header of the first of some overflow pages, of which the value
// and the header take `needed` pages.
// Layout: u64 number, u16 pad, u16 flags, u32 pages; then the value.
absl::Status CheckOverflowHeader(absl::string_view bytes, uint64_t number,
                                 uint64_t needed);

}  // namespace quantd

#endif  // QUANTD_BASE_LMDB_LMDB_PAGE_H_
