// Bytes by their SHA-256, one file each, verified when written and when read.
// Not here: which job refers to which blob (job_store.h), the data of data
// sets (dataset_store.h).
#ifndef QUANTD_STORAGE_BLOB_STORE_H_
#define QUANTD_STORAGE_BLOB_STORE_H_

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "base/clock.h"
#include "base/file_system.h"
#include "base/limits.h"
#include "base/sha256.h"
#include "proto/quantd/v1/job.pb.h"

namespace quantd::storage {

class BlobStore;

// One upload in progress. Several uploads may run at once, also of one blob;
// of one upload id only one.
//
// Threads: compatible, not safe. The destructor syncs what arrived and keeps it
// for a later resume. Must not outlive its store.
class BlobUpload {
 public:
  ~BlobUpload();

  // Bytes taken so far: the offset of the next Append. The full size if the
  // blob is stored.
  int64_t committed_size() const { return committed_size_; }
  // The blob is stored; nothing is left to do.
  bool complete() const { return complete_; }

  // Appends `data`, which belongs at `offset` of the blob. On a complete upload
  // a no-op. Errors: OUT_OF_RANGE, OFFSET_OUT_OF_RANGE unless offset is
  // committed_size(); INVALID_ARGUMENT, DIGEST_MISMATCH for more bytes than the
  // blob has (the upload is dropped); RESOURCE_EXHAUSTED, DISK_FULL (resume
  // later).
  absl::Status Append(int64_t offset, absl::string_view data);

  // Checks size and digest, syncs, and makes the blob visible for good.
  // Errors: INVALID_ARGUMENT, DIGEST_MISMATCH (the upload is dropped; too few
  // bytes keep it); RESOURCE_EXHAUSTED, DISK_FULL.
  absl::Status Finish();

  // Makes what arrived durable: call before committed_size is promised.
  absl::Status Sync();

 private:
  friend class BlobStore;
  BlobUpload(BlobStore* store, v1::BlobRef ref, std::string path)
      : store_(store), ref_(std::move(ref)), path_(std::move(path)) {}
  absl::Status Resume();
  // Removes the partial file; the upload is over.
  void Drop();

  BlobStore* const store_;
  const v1::BlobRef ref_;
  const std::string path_;  // Of the partial file; claimed unless complete.
  std::unique_ptr<AppendFile> file_;
  Sha256 hash_;
  int64_t committed_size_ = 0;
  bool complete_ = false;
  bool claimed_ = false;
  bool unsynced_ = false;
  absl::Status broken_;  // Why nothing more can be written.
};

// Part of a blob, in pieces.
//
// Threads: compatible, not safe.
class BlobReader {
 public:
  // The next piece, at most `max_bytes`; empty at the end. If the whole blob is
  // read, its digest is checked: the last piece is only returned if it fits.
  // Errors: DATA_LOSS, ARTIFACT_CORRUPT.
  absl::StatusOr<std::string> Next(int64_t max_bytes);

 private:
  friend class BlobStore;
  BlobReader() = default;

  v1::BlobRef ref_;
  std::unique_ptr<ReadFile> file_;
  Sha256 hash_;
  int64_t position_ = 0;
  int64_t end_ = 0;
  bool whole_ = false;
};

// Layout: DATA_DIR/blobs/ab/abcd... and DATA_DIR/uploads/UPLOAD_SHA. Names come
// only from checked digests and upload ids.
//
// Threads: safe. Memory: a few names per running upload.
//
// Errors of all methods besides those named: INVALID_ARGUMENT,
// OPTION_OUT_OF_RANGE for a digest that is not 64 lower-case hexadecimal
// digits, a negative size, an upload id that is not [A-Za-z0-9-]{1,64}.
class BlobStore {
 public:
  struct Options {
    std::string data_dir;
    FileSystem* files = FileSystem::Posix();
    Clock* clock = Clock::Real();
    int64_t max_blob_bytes = Limits().max_blob_bytes;
    int64_t max_uploads = Limits().max_uploads;  // Open at one time.
  };
  struct UploadStatus {
    int64_t committed_size = 0;
    bool complete = false;
  };

  // Use Store. Makes the directories.
  static absl::StatusOr<std::unique_ptr<BlobStore>> Open(Options options);

  // Those that are not stored with this size, in the order given.
  absl::StatusOr<std::vector<v1::BlobRef>> FindMissing(
      absl::Span<const v1::BlobRef> refs);

  // OK if the blob is stored, with this size. Errors: NOT_FOUND,
  // BLOB_NOT_FOUND; INVALID_ARGUMENT, DIGEST_MISMATCH for another size.
  absl::Status Check(const v1::BlobRef& ref);

  // Starts an upload, or resumes it where it was (the partial file is read
  // again for its digest). A stored blob gives a complete upload.
  // Errors: ABORTED, UPLOAD_BUSY if this upload id is being written;
  // RESOURCE_EXHAUSTED, QUOTA_EXCEEDED for a blob above the limit or too many
  // uploads at once; RESOURCE_EXHAUSTED, DISK_FULL if it cannot fit.
  absl::StatusOr<std::unique_ptr<BlobUpload>> OpenUpload(
      const v1::BlobRef& ref, const std::string& upload_id);

  // Errors: NOT_FOUND, UPLOAD_NOT_FOUND if nothing arrived.
  absl::StatusOr<UploadStatus> QueryUpload(const v1::BlobRef& ref,
                                           const std::string& upload_id);

  // Bytes from `offset`, at most `limit`; limit 0: to the end. A size_bytes of
  // 0 in `ref` means: whatever it is.
  // Errors: NOT_FOUND, BLOB_NOT_FOUND; OUT_OF_RANGE, OFFSET_OUT_OF_RANGE.
  absl::StatusOr<std::unique_ptr<BlobReader>> OpenRead(const v1::BlobRef& ref,
                                                       int64_t offset,
                                                       int64_t limit);

  // The whole blob, verified. RESOURCE_EXHAUSTED, QUOTA_EXCEEDED above
  // `max_bytes`.
  absl::StatusOr<std::string> Get(const v1::BlobRef& ref, int64_t max_bytes);

  // Stores small bytes; returns their reference. Durable after OK.
  absl::StatusOr<v1::BlobRef> Put(absl::string_view bytes,
                                  const std::string& file_name);

  // Errors: NOT_FOUND, BLOB_NOT_FOUND.
  absl::Status Delete(const std::string& sha256);

  // Digests of all blobs, sorted.
  absl::StatusOr<std::vector<std::string>> List();

  // Where the file of a stored blob is. For tests and tools only: readers must
  // verify.
  std::string PathForTest(const std::string& sha256) const;

  // Removes partial uploads that were last written before `before` and are not
  // open; returns how many.
  absl::StatusOr<int64_t> CollectUploads(absl::Time before);

 private:
  friend class BlobUpload;
  explicit BlobStore(Options options) : options_(std::move(options)) {}

  absl::Status MakeDirectories();
  std::string BlobPath(absl::string_view sha256) const;
  std::string UploadPath(absl::string_view upload_id,
                         absl::string_view sha256) const;
  absl::Status CheckQuota(const v1::BlobRef& ref) const;
  absl::StatusOr<std::unique_ptr<BlobUpload>> StartUpload(
      const v1::BlobRef& ref, const std::string& path);
  // Marks the partial file as being written.
  absl::Status Claim(const std::string& path, int64_t max_uploads);
  void Release(const std::string& path);
  // Renames the synced `path` to its blob, for good.
  absl::Status Publish(const std::string& path, absl::string_view sha256);

  const Options options_;
  absl::Mutex mutex_;
  // Partial files that are being written.
  std::set<std::string> open_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace quantd::storage

#endif  // QUANTD_STORAGE_BLOB_STORE_H_
