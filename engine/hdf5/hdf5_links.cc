#include "engine/hdf5/hdf5_links.h"

#include <algorithm>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/status_macros.h"

namespace quantd {
namespace {

constexpr size_t kMaxNameBytes = 1023;
constexpr int kMaxTreeLevel = 32;
constexpr int kSoftLinkCache = 2;  // Of a symbol table's entry.

class LinkReader {
 public:
  LinkReader(size_t max_links, Hdf5File* file)
      : max_links_(max_links), file_(file) {}

  // The links below a symbol table's B-tree, names in a heap.
  absl::Status ReadSymbolTable(absl::string_view message) {
    Hdf5Cursor cursor(message);
    const uint64_t tree = file_->ReadAddress(&cursor);
    ASSIGN_OR_RETURN(heap_, ReadHeap(file_->ReadAddress(&cursor)));
    return ReadTree(tree, kMaxTreeLevel);
  }

  // A link that is a message of the group.
  absl::Status ReadLinkMessage(absl::string_view message) {
    Hdf5Cursor cursor(message);
    const uint64_t version = cursor.Int(1);
    const uint64_t flags = cursor.Int(1);
    const uint64_t type = flags & 8 ? cursor.Int(1) : 0;
    if (flags & 4) cursor.Skip(8);     // Order of creation.
    if (flags & 0x10) cursor.Skip(1);  // Character set.
    const uint64_t name_bytes = cursor.Int(1 << (flags & 3));
    const absl::string_view name = cursor.Take(name_bytes);
    if (!cursor.ok() || version != 1) return Damaged("link");
    if (type != 0) return absl::OkStatus();
    const uint64_t address = file_->ReadAddress(&cursor);
    if (!cursor.ok()) return Damaged("link");
    return Add(name, address);
  }

  absl::StatusOr<std::vector<Hdf5HardLink>> Finish() && {
    std::sort(links_.begin(), links_.end(),
              [](const Hdf5HardLink& a, const Hdf5HardLink& b) {
                return a.name < b.name;
              });
    const auto twice =
        std::adjacent_find(links_.begin(), links_.end(),
                           [](const Hdf5HardLink& a, const Hdf5HardLink& b) {
                             return a.name == b.name;
                           });
    if (twice != links_.end()) {
      return Damaged(absl::StrCat("two links named \"",
                                  absl::Utf8SafeCHexEscape(twice->name), "\""));
    }
    return std::move(links_);
  }

  static absl::Status Damaged(const std::string& what) {
    return Hdf5Problem(
        absl::StrCat("damaged group (", what, "); write the file again"));
  }

 private:
  absl::StatusOr<absl::string_view> ReadHeap(uint64_t address) {
    ASSIGN_OR_RETURN(const absl::string_view start, file_->From(address));
    Hdf5Cursor cursor(start);
    const bool is_heap = cursor.Take(4) == "HEAP";
    cursor.Skip(1 + 3);  // Version, reserved.
    const uint64_t size = file_->ReadLength(&cursor);
    file_->ReadLength(&cursor);  // Free list.
    const uint64_t data = file_->ReadAddress(&cursor);
    if (!is_heap || !cursor.ok()) return Damaged("heap of names");
    return file_->At(data, size);
  }

  // A node whose level is at most `max_level`. Children are lower, so there are
  // no circles.
  absl::Status ReadTree(uint64_t address, int max_level) {
    ASSIGN_OR_RETURN(const absl::string_view start, file_->From(address));
    Hdf5Cursor cursor(start);
    const bool is_tree = cursor.Take(4) == "TREE" && cursor.Int(1) == 0;
    const int level = static_cast<int>(cursor.Int(1));
    const uint64_t children = cursor.Int(2);
    file_->ReadAddress(&cursor);  // Left.
    file_->ReadAddress(&cursor);  // Right.
    if (!is_tree || !cursor.ok() || level > max_level) return Damaged("tree");
    for (uint64_t i = 0; i < children; ++i) {
      file_->ReadLength(&cursor);  // Key.
      const uint64_t child = file_->ReadAddress(&cursor);
      if (!cursor.ok()) return Damaged("tree");
      RETURN_IF_ERROR(level == 0 ? ReadSymbols(child)
                                 : ReadTree(child, level - 1));
    }
    return absl::OkStatus();
  }

  absl::Status ReadSymbols(uint64_t address) {
    ASSIGN_OR_RETURN(const absl::string_view start, file_->From(address));
    Hdf5Cursor cursor(start);
    const bool is_node = cursor.Take(4) == "SNOD";
    cursor.Skip(1 + 1);  // Version, reserved.
    const uint64_t symbols = cursor.Int(2);
    if (!is_node || !cursor.ok()) return Damaged("symbols");
    for (uint64_t i = 0; i < symbols; ++i) {
      const uint64_t name = file_->ReadAddress(&cursor);
      const uint64_t header = file_->ReadAddress(&cursor);
      const uint64_t cache = cursor.Int(4);
      cursor.Skip(4 + 16);  // Reserved, what is cached.
      if (!cursor.ok() || name >= heap_.size()) return Damaged("symbols");
      RETURN_IF_ERROR(file_->Spend());
      if (cache == kSoftLinkCache) continue;
      const absl::string_view text = heap_.substr(name, kMaxNameBytes + 1);
      RETURN_IF_ERROR(Add(text.substr(0, text.find('\0')), header));
    }
    return absl::OkStatus();
  }

  absl::Status Add(absl::string_view name, uint64_t address) {
    if (name.empty() || name == "." || name.size() > kMaxNameBytes ||
        absl::StrContains(name, '/') || absl::StrContains(name, '\0')) {
      return Damaged(absl::StrCat(
          "link \"", absl::Utf8SafeCHexEscape(name.substr(0, 80)), "\""));
    }
    if (links_.size() >= max_links_) {
      return Hdf5Problem("too many datasets and groups; split the file");
    }
    links_.push_back({std::string(name), address});
    return absl::OkStatus();
  }

  const size_t max_links_;
  Hdf5File* const file_;
  absl::string_view heap_;
  std::vector<Hdf5HardLink> links_;
};

// True if the links are in a heap that this reader does not know.
bool IsDense(absl::string_view link_info, const Hdf5File& file) {
  Hdf5Cursor cursor(link_info);
  cursor.Skip(1);  // Version.
  const uint64_t flags = cursor.Int(1);
  if (flags & 1) cursor.Skip(8);  // Greatest order of creation.
  const uint64_t heap = file.ReadAddress(&cursor);
  return cursor.ok() && heap != kHdf5Undefined;
}

}  // namespace

bool IsHdf5Group(const std::vector<Hdf5Message>& messages) {
  return std::any_of(
      messages.begin(), messages.end(), [](const Hdf5Message& message) {
        return message.type == kHdf5SymbolTable ||
               message.type == kHdf5LinkInfo || message.type == kHdf5GroupInfo;
      });
}

absl::StatusOr<std::vector<Hdf5HardLink>> ReadHdf5Links(
    const std::vector<Hdf5Message>& messages, size_t max_links,
    Hdf5File* file) {
  LinkReader reader(max_links, file);
  for (const Hdf5Message& message : messages) {
    const bool is_link = message.type == kHdf5SymbolTable ||
                         message.type == kHdf5LinkInfo ||
                         message.type == kHdf5Link;
    if (is_link && message.is_shared)
      return LinkReader::Damaged("shared links");
    if (message.type == kHdf5SymbolTable) {
      RETURN_IF_ERROR(reader.ReadSymbolTable(message.data));
    } else if (message.type == kHdf5Link) {
      RETURN_IF_ERROR(reader.ReadLinkMessage(message.data));
    } else if (message.type == kHdf5LinkInfo && IsDense(message.data, *file)) {
      return Hdf5Problem(
          "a group is stored in the newer dense form, which is not supported; "
          "write the file with libver \"earliest\" and without tracked order");
    }
  }
  return std::move(reader).Finish();
}

}  // namespace quantd
