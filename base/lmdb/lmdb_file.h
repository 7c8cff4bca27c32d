// Reads an LMDB without trust and without liblmdb, which believes the offsets
// in the file and reads outside of its mapping when they lie.
// Not here: writing (liblmdb does that), what a record means.
#ifndef QUANTD_BASE_LMDB_LMDB_FILE_H_
#define QUANTD_BASE_LMDB_LMDB_FILE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/lmdb/lmdb_meta.h"
#include "base/lmdb/lmdb_page.h"

namespace quantd {

// Valid until the next call of the reader that gave it.
struct LmdbRecord {
  absl::string_view key;
  absl::string_view value;
};

// The records of the unnamed database of one data.mdb, in byte-wise key order.
// Every page number, offset and size is checked before it is used; whatever the
// file holds, reading it ends in records or in an error, in time and memory
// that its real size bounds. The file is read, not mapped, so that one that
// shrinks meanwhile is an error too and not a signal.
//
// Needs no lock file: nobody may write to the LMDB meanwhile.
// Threads: compatible, not safe.
// Memory: a page for each level of the tree, and the largest value so far.
// Errors of all methods: FAILED_PRECONDITION with the reason given to Open();
//   the message names the file and the place.
//
// Example:
//   ASSIGN_OR_RETURN(auto file, LmdbFile::Open(path, "DATASET_CORRUPT"));
//   LmdbRecord record;
//   while (true) {
//     ASSIGN_OR_RETURN(const bool found, file->Next(&record));
//     if (!found) break;
//   }
class LmdbFile {
 public:
  // A record of more bytes is an error.
  static constexpr uint32_t kMaxValueBytes = uint32_t{1} << 30;

  // Reads the meta pages only; except that a file shorter than they say, which
  // is either cut short or ends in free pages, is walked through at once.
  static absl::StatusOr<std::unique_ptr<LmdbFile>> Open(
      const std::string& path, absl::string_view reason);
  ~LmdbFile();
  LmdbFile(const LmdbFile&) = delete;
  LmdbFile& operator=(const LmdbFile&) = delete;

  // As the file says; Next() finds exactly as many, or fails.
  int64_t num_records() const { return num_records_; }

  // Reads the next record; false after the last.
  absl::StatusOr<bool> Next(LmdbRecord* record);
  // As `count` times Next(), without reading large values. It is an error if
  // there are not so many.
  absl::Status Skip(int64_t count);
  // The next Next() reads the first record.
  void Rewind();

 private:
  // The cursor's place on one level of the tree.
  struct Level {
    std::vector<char> bytes;
    LmdbPage page;  // Of `bytes`.
    uint64_t number = 0;
    size_t index = 0;
  };

  LmdbFile(std::string path, std::string reason, int fd, uint64_t file_bytes);

  absl::Status Corrupt(absl::string_view what) const;
  absl::Status CorruptPage(uint64_t number, absl::string_view what) const;
  absl::Status ReadAt(uint64_t offset, size_t num_bytes, char* to) const;
  absl::StatusOr<LmdbMeta> ReadMeta(uint64_t offset) const;
  absl::Status ReadMetas();
  absl::Status CheckPages(uint64_t number, uint64_t count) const;
  absl::Status Descend(size_t level, uint64_t number);
  absl::StatusOr<bool> Step();
  absl::StatusOr<bool> NextLeaf(LmdbPage::Leaf* leaf);
  absl::StatusOr<uint64_t> CheckOverflow(const LmdbPage::Leaf& leaf) const;
  absl::StatusOr<absl::string_view> ReadOverflow(const LmdbPage::Leaf& leaf);

  const std::string path_;
  const std::string reason_;
  const int fd_;
  const uint64_t file_bytes_;
  LmdbMeta meta_;
  int64_t num_records_ = 0;

  std::vector<Level> levels_;  // Root first.
  bool started_ = false;
  int64_t num_read_ = 0;  // Since the start.
  std::string last_key_;
  std::unique_ptr<char[]> value_;
  size_t value_capacity_ = 0;
};

}  // namespace quantd

#endif  // QUANTD_BASE_LMDB_LMDB_FILE_H_
