#include "base/lmdb/lmdb_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/memory/memory.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"

namespace quantd {
namespace {

constexpr int kMaxDepth = 32;  // LMDB's cursor stack.

absl::Status CorruptFile(const std::string& path, absl::string_view reason,
                         absl::string_view what) {
  return Error(absl::StatusCode::kFailedPrecondition, reason,
               absl::StrCat("LMDB file ", path, ": ", what,
                            "; make the LMDB again, or copy it whole"),
               {{"file", path}});
}

}  // namespace

LmdbFile::LmdbFile(std::string path, std::string reason, int fd,
                   uint64_t file_bytes)
    : path_(std::move(path)),
      reason_(std::move(reason)),
      fd_(fd),
      file_bytes_(file_bytes) {}

LmdbFile::~LmdbFile() { close(fd_); }

absl::StatusOr<std::unique_ptr<LmdbFile>> LmdbFile::Open(
    const std::string& path, absl::string_view reason) {
  // Not blocking: the name may be a pipe's.
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) {
    return CorruptFile(
        path, reason, absl::StrCat("cannot be opened: ", std::strerror(errno)));
  }
  struct stat info;
  if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
    close(fd);
    return CorruptFile(path, reason, "it is not a plain file");
  }
  auto file = absl::WrapUnique(new LmdbFile(
      path, std::string(reason), fd, static_cast<uint64_t>(info.st_size)));
  RETURN_IF_ERROR(file->ReadMetas());
  if (file->meta_.last_page >= file->file_bytes_ / file->meta_.page_bytes) {
    RETURN_IF_ERROR(file->Skip(file->num_records_));
    file->Rewind();
  }
  return file;
}

absl::Status LmdbFile::Corrupt(absl::string_view what) const {
  return CorruptFile(path_, reason_, what);
}

absl::Status LmdbFile::CorruptPage(uint64_t number,
                                   absl::string_view what) const {
  return Corrupt(absl::StrCat("page ", number, " ", what));
}

absl::Status LmdbFile::ReadAt(uint64_t offset, size_t num_bytes,
                              char* to) const {
  while (num_bytes > 0) {
    const ssize_t n = pread(fd_, to, num_bytes, static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      return Corrupt(absl::StrCat("it cannot be read: ", std::strerror(errno)));
    }
    if (n == 0) return Corrupt("it is cut short");
    offset += static_cast<uint64_t>(n);
    num_bytes -= static_cast<size_t>(n);
    to += n;
  }
  return absl::OkStatus();
}

absl::StatusOr<LmdbMeta> LmdbFile::ReadMeta(uint64_t offset) const {
  char bytes[LmdbMeta::kBytes];
  const uint64_t there = std::min(offset, file_bytes_);
  const size_t size = std::min<uint64_t>(sizeof(bytes), file_bytes_ - there);
  RETURN_IF_ERROR(ReadAt(there, size, bytes));
  const absl::StatusOr<LmdbMeta> meta = ParseLmdbMeta({bytes, size});
  if (meta.ok()) return meta;
  return Corrupt(absl::StrCat("it ", meta.status().message()));
}

absl::Status LmdbFile::ReadMetas() {
  ASSIGN_OR_RETURN(const LmdbMeta first, ReadMeta(0));
  ASSIGN_OR_RETURN(const LmdbMeta second, ReadMeta(first.page_bytes));
  meta_ = second.transaction > first.transaction ? second : first;
  meta_.page_bytes = first.page_bytes;
  const bool is_empty = meta_.root == LmdbMeta::kNoPage;
  if (is_empty ? meta_.num_records != 0
               : meta_.depth < 1 || meta_.depth > kMaxDepth) {
    return Corrupt("the depth of its tree is impossible");
  }
  // A record takes more than a byte.
  if (meta_.num_records > file_bytes_) {
    return Corrupt(
        absl::StrCat("it cannot hold ", meta_.num_records, " records"));
  }
  num_records_ = static_cast<int64_t>(meta_.num_records);
  levels_.resize(is_empty ? 0 : meta_.depth);
  return absl::OkStatus();
}

// Pages number, number + 1, ..., number + count - 1 exist. count > 0.
absl::Status LmdbFile::CheckPages(uint64_t number, uint64_t count) const {
  if (number < 2 || number > meta_.last_page ||
      count - 1 > meta_.last_page - number) {
    return CorruptPage(number, "does not exist");
  }
  const uint64_t num_pages = file_bytes_ / meta_.page_bytes;
  if (number >= num_pages || count > num_pages - number) {
    return CorruptPage(number,
                       absl::StrCat("is missing: the file is cut short at ",
                                    file_bytes_, " bytes"));
  }
  return absl::OkStatus();
}

// Goes from page `number`, which belongs on `level`, down to its first leaf.
absl::Status LmdbFile::Descend(size_t level, uint64_t number) {
  for (; level < levels_.size(); ++level) {
    RETURN_IF_ERROR(CheckPages(number, 1));
    Level& here = levels_[level];
    here.bytes.resize(meta_.page_bytes);
    RETURN_IF_ERROR(
        ReadAt(number * meta_.page_bytes, meta_.page_bytes, here.bytes.data()));
    const bool is_leaf = level + 1 == levels_.size();
    const absl::StatusOr<LmdbPage> page = LmdbPage::Create(
        {here.bytes.data(), here.bytes.size()}, number,
        is_leaf ? LmdbPage::Kind::kLeaf : LmdbPage::Kind::kBranch);
    if (!page.ok()) return CorruptPage(number, page.status().message());
    here.page = *page;
    here.number = number;
    here.index = 0;
    if (is_leaf) break;
    const absl::StatusOr<uint64_t> child = page->Child(0);
    if (!child.ok()) return CorruptPage(number, child.status().message());
    number = *child;
  }
  return absl::OkStatus();
}

// Puts the cursor on the next leaf node; false at the end.
absl::StatusOr<bool> LmdbFile::Step() {
  if (levels_.empty()) return false;
  if (!started_) {
    RETURN_IF_ERROR(Descend(0, meta_.root));
    started_ = true;
    return true;
  }
  size_t level = levels_.size();
  while (level > 0 &&
         levels_[level - 1].index + 1 >= levels_[level - 1].page.num_nodes()) {
    --level;
  }
  if (level == 0) return false;
  Level& here = levels_[level - 1];
  ++here.index;
  if (level == levels_.size()) return true;
  const absl::StatusOr<uint64_t> child = here.page.Child(here.index);
  if (!child.ok()) return CorruptPage(here.number, child.status().message());
  RETURN_IF_ERROR(Descend(level, *child));
  return true;
}

// Keys must rise: so a tree with a cycle or with shared pages ends in an error
// and not never.
absl::StatusOr<bool> LmdbFile::NextLeaf(LmdbPage::Leaf* leaf) {
  ASSIGN_OR_RETURN(const bool found, Step());
  if (!found || num_read_ == num_records_) {
    if (!found && num_read_ == num_records_) return false;
    return Corrupt(absl::StrCat("it holds ", found ? "more than " : "only ",
                                num_read_, " records but says ", num_records_));
  }
  const Level& here = levels_.back();
  const absl::StatusOr<LmdbPage::Leaf> node = here.page.LeafNode(here.index);
  if (!node.ok()) return CorruptPage(here.number, node.status().message());
  *leaf = *node;
  if (num_read_ == 0 ? leaf->key.empty() : leaf->key <= last_key_) {
    return CorruptPage(here.number, "has keys that are not in order");
  }
  last_key_.assign(leaf->key.data(), leaf->key.size());
  ++num_read_;
  return true;
}

// The pages of a value that is elsewhere exist. Returns the offset of the
// first.
absl::StatusOr<uint64_t> LmdbFile::CheckOverflow(
    const LmdbPage::Leaf& leaf) const {
  if (leaf.value_bytes > kMaxValueBytes) {
    return CorruptPage(
        levels_.back().number,
        absl::StrCat("has a record of ", leaf.value_bytes, " bytes; at most ",
                     kMaxValueBytes, " are read"));
  }
  const uint64_t count =
      (LmdbPage::kHeaderBytes + leaf.value_bytes + meta_.page_bytes - 1) /
      meta_.page_bytes;
  RETURN_IF_ERROR(CheckPages(leaf.overflow_page, count));
  return leaf.overflow_page * meta_.page_bytes;
}

absl::StatusOr<absl::string_view> LmdbFile::ReadOverflow(
    const LmdbPage::Leaf& leaf) {
  ASSIGN_OR_RETURN(const uint64_t offset, CheckOverflow(leaf));
  const size_t size = LmdbPage::kHeaderBytes + leaf.value_bytes;
  if (size > value_capacity_) {
    value_capacity_ = 0;
    value_.reset(new char[size]);
    value_capacity_ = size;
  }
  RETURN_IF_ERROR(ReadAt(offset, size, value_.get()));
  const absl::string_view bytes(value_.get(), size);
  const uint64_t needed = (size + meta_.page_bytes - 1) / meta_.page_bytes;
  const absl::Status status =
      CheckOverflowHeader(bytes, leaf.overflow_page, needed);
  if (!status.ok()) return CorruptPage(leaf.overflow_page, status.message());
  return bytes.substr(LmdbPage::kHeaderBytes);
}

absl::StatusOr<bool> LmdbFile::Next(LmdbRecord* record) {
  LmdbPage::Leaf leaf;
  ASSIGN_OR_RETURN(const bool found, NextLeaf(&leaf));
  if (!found) return false;
  record->key = leaf.key;
  record->value = leaf.value;
  if (leaf.is_elsewhere) {
    ASSIGN_OR_RETURN(record->value, ReadOverflow(leaf));
  }
  return true;
}

absl::Status LmdbFile::Skip(int64_t count) {
  LmdbPage::Leaf leaf;
  for (int64_t i = 0; i < count; ++i) {
    ASSIGN_OR_RETURN(const bool found, NextLeaf(&leaf));
    if (!found) {
      return Corrupt(absl::StrCat("it has no record ", num_read_));
    }
    if (leaf.is_elsewhere) RETURN_IF_ERROR(CheckOverflow(leaf).status());
  }
  return absl::OkStatus();
}

void LmdbFile::Rewind() {
  started_ = false;
  num_read_ = 0;
  last_key_.clear();
}

}  // namespace quantd
