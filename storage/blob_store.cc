#include "storage/blob_store.h"

#include <algorithm>
#include <utility>

#include "absl/memory/memory.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/failpoints.h"
#include "base/random_id.h"
#include "base/status_macros.h"

namespace quantd::storage {
namespace {

constexpr int64_t kReadBytes = int64_t{1} << 20;
constexpr size_t kMaxUploadIdBytes = 64;

absl::Status OutOfRange(absl::string_view field, absl::string_view allowed) {
  return Error(
      absl::StatusCode::kInvalidArgument, "OPTION_OUT_OF_RANGE",
      absl::StrCat(field, " must be ", allowed),
      {{"option", std::string(field)}, {"allowed", std::string(allowed)}});
}

absl::Status CheckDigest(absl::string_view sha256) {
  if (IsSha256Hex(sha256)) return absl::OkStatus();
  return OutOfRange("sha256", "64 lower-case hexadecimal digits");
}

absl::Status CheckRef(const v1::BlobRef& ref) {
  RETURN_IF_ERROR(CheckDigest(ref.sha256()));
  if (ref.size_bytes() >= 0) return absl::OkStatus();
  return OutOfRange("size_bytes", "0 or more");
}

// What passes is safe as a part of a file name.
absl::Status CheckUploadId(absl::string_view id) {
  bool ok = !id.empty() && id.size() <= kMaxUploadIdBytes;
  for (const char c : id) ok = ok && (absl::ascii_isalnum(c) || c == '-');
  if (ok) return absl::OkStatus();
  return OutOfRange("upload_id", "1 to 64 letters, digits and hyphens");
}

absl::Status BlobNotFound(absl::string_view sha256) {
  return Error(absl::StatusCode::kNotFound, "BLOB_NOT_FOUND",
               absl::StrCat("blob ", sha256, " is not stored: upload it"),
               {{"blob", std::string(sha256)}});
}

absl::Status Mismatch(const v1::BlobRef& ref, absl::string_view actual,
                      int64_t actual_size) {
  return Error(absl::StatusCode::kInvalidArgument, "DIGEST_MISMATCH",
               absl::StrCat("blob ", ref.sha256(), " of ", ref.size_bytes(),
                            " bytes: got ", actual_size, " bytes",
                            actual.empty() ? "" : " with SHA-256 ", actual,
                            "; correct the digest or the data"),
               {{"expected", ref.sha256()},
                {"actual", std::string(actual)},
                {"size", absl::StrCat(actual_size)}});
}

absl::Status Corrupt(const v1::BlobRef& ref, absl::string_view actual) {
  return Error(absl::StatusCode::kDataLoss, "ARTIFACT_CORRUPT",
               absl::StrCat("blob ", ref.sha256(),
                            " was damaged on disk: delete and upload it again"),
               {{"name", ref.sha256()},
                {"expected", ref.sha256()},
                {"actual", std::string(actual)}});
}

absl::Status BadOffset(absl::string_view what, int64_t offset, int64_t size) {
  return Error(
      absl::StatusCode::kOutOfRange, "OFFSET_OUT_OF_RANGE",
      absl::StrCat(what, " offset ", offset, ", expected ", size),
      {{"offset", absl::StrCat(offset)}, {"size", absl::StrCat(size)}});
}

absl::Status Quota(absl::string_view quota, int64_t limit, int64_t used) {
  return Error(absl::StatusCode::kResourceExhausted, "QUOTA_EXCEEDED",
               absl::StrCat(quota, ": ", used, " asked for, limit ", limit),
               {{"quota", std::string(quota)},
                {"limit", absl::StrCat(limit)},
                {"used", absl::StrCat(used)}});
}

}  // namespace

// --- BlobUpload ---

BlobUpload::~BlobUpload() {
  if (!claimed_) return;
  if (file_ != nullptr) Sync().IgnoreError();
  store_->Release(path_);
}

// Reads what an earlier call left behind.
absl::Status BlobUpload::Resume() {
  FileSystem* const files = store_->options_.files;
  if (files->Exists(path_)) {
    ASSIGN_OR_RETURN(const int64_t size, files->Size(path_));
    if (size > ref_.size_bytes()) {
      RETURN_IF_ERROR(files->Remove(path_));
    } else {
      ASSIGN_OR_RETURN(const auto partial, files->OpenRead(path_));
      while (committed_size_ < size) {
        ASSIGN_OR_RETURN(const std::string piece,
                         partial->ReadAt(committed_size_, kReadBytes));
        if (piece.empty()) break;
        hash_.Update(piece);
        committed_size_ += static_cast<int64_t>(piece.size());
      }
    }
  }
  ASSIGN_OR_RETURN(file_, files->OpenAppend(path_));
  unsynced_ = true;  // A crash may have come before the sync.
  return absl::OkStatus();
}

absl::Status BlobUpload::Append(int64_t offset, absl::string_view data) {
  if (complete_) return absl::OkStatus();
  RETURN_IF_ERROR(broken_);
  if (offset != committed_size_) {
    return BadOffset("write", offset, committed_size_);
  }
  const auto size = static_cast<int64_t>(data.size());
  if (size > ref_.size_bytes() - committed_size_) {
    const int64_t got = committed_size_ + size;
    Drop();
    return Mismatch(ref_, "", got);
  }
  QUANTD_FAILPOINT("storage/blob_before_append");
  const absl::Status status = file_->Append(data);
  if (!status.ok()) {
    broken_ = status;  // How much arrived, a resume finds out.
    return status;
  }
  hash_.Update(data);
  committed_size_ += size;
  unsynced_ = true;
  QUANTD_FAILPOINT("storage/blob_after_append");
  return absl::OkStatus();
}

absl::Status BlobUpload::Sync() {
  if (complete_ || !unsynced_) return absl::OkStatus();
  RETURN_IF_ERROR(broken_);
  QUANTD_FAILPOINT("storage/blob_before_sync");
  // After a failed sync the system may have dropped the data and forgotten it.
  broken_ = file_->Sync();
  unsynced_ = !broken_.ok();
  return broken_;
}

absl::Status BlobUpload::Finish() {
  if (complete_) return absl::OkStatus();
  RETURN_IF_ERROR(broken_);
  if (committed_size_ != ref_.size_bytes()) {
    return Mismatch(ref_, "", committed_size_);
  }
  const std::string actual = hash_.Hex();
  if (actual != ref_.sha256()) {
    Drop();
    return Mismatch(ref_, actual, committed_size_);
  }
  RETURN_IF_ERROR(Sync());
  QUANTD_FAILPOINT("storage/blob_before_publish");
  RETURN_IF_ERROR(store_->Publish(path_, ref_.sha256()));
  QUANTD_FAILPOINT("storage/blob_after_publish");
  complete_ = true;
  file_ = nullptr;
  store_->Release(path_);
  claimed_ = false;
  return absl::OkStatus();
}

void BlobUpload::Drop() {
  file_ = nullptr;
  store_->options_.files->Remove(path_).IgnoreError();
  committed_size_ = 0;
  broken_ = Error(absl::StatusCode::kInvalidArgument, "DIGEST_MISMATCH",
                  absl::StrCat("the upload of blob ", ref_.sha256(),
                               " was dropped: its data did not fit"),
                  {{"expected", ref_.sha256()}});
}

// --- BlobReader ---

absl::StatusOr<std::string> BlobReader::Next(int64_t max_bytes) {
  const int64_t wanted = std::min(max_bytes, end_ - position_);
  if (wanted <= 0) return std::string();
  ASSIGN_OR_RETURN(std::string piece, file_->ReadAt(position_, wanted));
  if (static_cast<int64_t>(piece.size()) != wanted) {
    return Corrupt(ref_, absl::StrCat(position_ + piece.size(), " bytes"));
  }
  position_ += wanted;
  if (whole_) {
    hash_.Update(piece);
    if (position_ == end_ && hash_.Hex() != ref_.sha256()) {
      return Corrupt(ref_, hash_.Hex());
    }
  }
  return piece;
}

// --- BlobStore ---

absl::StatusOr<std::unique_ptr<BlobStore>> BlobStore::Open(Options options) {
  auto store = absl::WrapUnique(new BlobStore(std::move(options)));
  RETURN_IF_ERROR(store->MakeDirectories());
  return store;
}

absl::Status BlobStore::MakeDirectories() {
  FileSystem* const files = options_.files;
  const std::string blobs = options_.data_dir + "/blobs";
  RETURN_IF_ERROR(files->MakeDirectory(blobs));
  RETURN_IF_ERROR(files->MakeDirectory(options_.data_dir + "/uploads"));
  RETURN_IF_ERROR(files->SyncDirectory(options_.data_dir));
  // A crash may have come between a blob's rename and its sync: what is seen
  // from now on must stay.
  ASSIGN_OR_RETURN(const std::vector<std::string> names, files->List(blobs));
  for (const std::string& name : names) {
    RETURN_IF_ERROR(files->SyncDirectory(absl::StrCat(blobs, "/", name)));
  }
  return files->SyncDirectory(blobs);
}

std::string BlobStore::BlobPath(absl::string_view sha256) const {
  return absl::StrCat(options_.data_dir, "/blobs/", sha256.substr(0, 2), "/",
                      sha256);
}

std::string BlobStore::PathForTest(const std::string& sha256) const {
  return BlobPath(sha256);
}

std::string BlobStore::UploadPath(absl::string_view upload_id,
                                  absl::string_view sha256) const {
  return absl::StrCat(options_.data_dir, "/uploads/", upload_id, "_", sha256);
}

absl::Status BlobStore::Claim(const std::string& path, int64_t max_uploads) {
  absl::MutexLock lock(&mutex_);
  const auto used = static_cast<int64_t>(open_.size());
  if (used >= max_uploads) return Quota("uploads", max_uploads, used + 1);
  if (open_.insert(path).second) return absl::OkStatus();
  return Error(absl::StatusCode::kAborted, "UPLOAD_BUSY",
               "another call writes this upload: wait for its end, or use "
               "another upload_id",
               {});
}

void BlobStore::Release(const std::string& path) {
  absl::MutexLock lock(&mutex_);
  open_.erase(path);
}

absl::Status BlobStore::Publish(const std::string& path,
                                absl::string_view sha256) {
  FileSystem* const files = options_.files;
  const std::string target = BlobPath(sha256);
  const std::string directory = DirectoryOf(target);
  if (!files->Exists(directory)) {
    RETURN_IF_ERROR(files->MakeDirectory(directory));
  }
  RETURN_IF_ERROR(files->SyncDirectory(DirectoryOf(directory)));
  RETURN_IF_ERROR(files->Rename(path, target));
  QUANTD_FAILPOINT("storage/blob_before_sync_directory");
  const absl::Status synced = files->SyncDirectory(directory);
  // Nobody may rely on a name that can still vanish.
  if (!synced.ok()) files->Rename(target, path).IgnoreError();
  return synced;
}

absl::Status BlobStore::Check(const v1::BlobRef& ref) {
  RETURN_IF_ERROR(CheckRef(ref));
  const auto size = options_.files->Size(BlobPath(ref.sha256()));
  if (absl::IsNotFound(size.status())) return BlobNotFound(ref.sha256());
  RETURN_IF_ERROR(size.status());
  if (*size != ref.size_bytes()) return Mismatch(ref, ref.sha256(), *size);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<v1::BlobRef>> BlobStore::FindMissing(
    absl::Span<const v1::BlobRef> refs) {
  std::vector<v1::BlobRef> missing;
  for (const v1::BlobRef& ref : refs) {
    RETURN_IF_ERROR(CheckRef(ref));
    if (!Check(ref).ok()) missing.push_back(ref);
  }
  return missing;
}

absl::Status BlobStore::CheckQuota(const v1::BlobRef& ref) const {
  if (ref.size_bytes() <= options_.max_blob_bytes) return absl::OkStatus();
  return Quota("blob_bytes", options_.max_blob_bytes, ref.size_bytes());
}

absl::StatusOr<std::unique_ptr<BlobUpload>> BlobStore::OpenUpload(
    const v1::BlobRef& ref, const std::string& upload_id) {
  RETURN_IF_ERROR(CheckRef(ref));
  RETURN_IF_ERROR(CheckUploadId(upload_id));
  RETURN_IF_ERROR(CheckQuota(ref));
  const std::string path = UploadPath(upload_id, ref.sha256());
  const absl::Status stored = Check(ref);
  if (stored.ok()) {
    auto upload = absl::WrapUnique(new BlobUpload(this, ref, path));
    upload->complete_ = true;
    upload->committed_size_ = ref.size_bytes();
    return upload;
  }
  if (!absl::IsNotFound(stored)) return stored;
  RETURN_IF_ERROR(Claim(path, options_.max_uploads));
  return StartUpload(ref, path);
}

// `path` is claimed; the upload, or this on an error, releases it.
absl::StatusOr<std::unique_ptr<BlobUpload>> BlobStore::StartUpload(
    const v1::BlobRef& ref, const std::string& path) {
  auto upload = absl::WrapUnique(new BlobUpload(this, ref, path));
  upload->claimed_ = true;
  RETURN_IF_ERROR(upload->Resume());
  const int64_t needed = ref.size_bytes() - upload->committed_size_;
  const auto free = options_.files->FreeBytes(options_.data_dir);
  if (free.ok() && needed > *free) {
    return Error(
        absl::StatusCode::kResourceExhausted, "DISK_FULL",
        absl::StrCat("blob ", ref.sha256(), " needs ", needed, " more bytes, ",
                     *free, " are free"),
        {{"path", options_.data_dir}, {"needed", absl::StrCat(needed)}});
  }
  return upload;
}

absl::StatusOr<BlobStore::UploadStatus> BlobStore::QueryUpload(
    const v1::BlobRef& ref, const std::string& upload_id) {
  RETURN_IF_ERROR(CheckRef(ref));
  RETURN_IF_ERROR(CheckUploadId(upload_id));
  if (Check(ref).ok()) return UploadStatus{ref.size_bytes(), true};
  const auto size = options_.files->Size(UploadPath(upload_id, ref.sha256()));
  if (absl::IsNotFound(size.status())) {
    return Error(absl::StatusCode::kNotFound, "UPLOAD_NOT_FOUND",
                 absl::StrCat("upload ", upload_id, " of blob ", ref.sha256(),
                              " has no data yet: start at offset 0"),
                 {{"name", upload_id}});
  }
  RETURN_IF_ERROR(size.status());
  return UploadStatus{*size, false};
}

absl::StatusOr<std::unique_ptr<BlobReader>> BlobStore::OpenRead(
    const v1::BlobRef& ref, int64_t offset, int64_t limit) {
  RETURN_IF_ERROR(CheckRef(ref));
  if (limit < 0) return OutOfRange("read_limit", "0 or more");
  const std::string path = BlobPath(ref.sha256());
  auto file = options_.files->OpenRead(path);
  if (absl::IsNotFound(file.status())) return BlobNotFound(ref.sha256());
  RETURN_IF_ERROR(file.status());
  ASSIGN_OR_RETURN(const int64_t size, options_.files->Size(path));
  if (ref.size_bytes() > 0 && size != ref.size_bytes()) {
    return Corrupt(ref, absl::StrCat(size, " bytes"));
  }
  if (offset < 0 || offset > size) return BadOffset("read", offset, size);
  auto reader = absl::WrapUnique(new BlobReader);
  reader->ref_ = ref;
  reader->file_ = *std::move(file);
  reader->position_ = offset;
  reader->end_ = limit == 0 ? size : offset + std::min(limit, size - offset);
  reader->whole_ = offset == 0 && reader->end_ == size;
  if (reader->whole_ && size == 0 && Sha256Hex("") != ref.sha256()) {
    return Corrupt(ref, Sha256Hex(""));
  }
  return reader;
}

absl::StatusOr<std::string> BlobStore::Get(const v1::BlobRef& ref,
                                           int64_t max_bytes) {
  ASSIGN_OR_RETURN(const auto reader, OpenRead(ref, 0, 0));
  if (reader->end_ > max_bytes) {
    return Quota("blob_bytes", max_bytes, reader->end_);
  }
  return reader->Next(reader->end_);
}

absl::StatusOr<v1::BlobRef> BlobStore::Put(absl::string_view bytes,
                                           const std::string& file_name) {
  v1::BlobRef ref;
  ref.set_sha256(Sha256Hex(bytes));
  ref.set_size_bytes(static_cast<int64_t>(bytes.size()));
  ref.set_file_name(file_name);
  RETURN_IF_ERROR(CheckQuota(ref));
  if (Check(ref).ok()) return ref;
  const std::string path = UploadPath(RandomUuid(), ref.sha256());
  RETURN_IF_ERROR(Claim(path, INT64_MAX));
  ASSIGN_OR_RETURN(const auto upload, StartUpload(ref, path));
  absl::Status status = upload->Append(0, bytes);
  if (status.ok()) status = upload->Finish();
  if (!status.ok()) {
    upload->Drop();  // Nobody knows the name to resume it.
    return status;
  }
  return ref;
}

absl::Status BlobStore::Delete(const std::string& sha256) {
  RETURN_IF_ERROR(CheckDigest(sha256));
  const std::string path = BlobPath(sha256);
  const absl::Status status = options_.files->Remove(path);
  if (absl::IsNotFound(status)) return BlobNotFound(sha256);
  RETURN_IF_ERROR(status);
  return options_.files->SyncDirectory(DirectoryOf(path));
}

absl::StatusOr<std::vector<std::string>> BlobStore::List() {
  const std::string blobs = options_.data_dir + "/blobs";
  ASSIGN_OR_RETURN(const std::vector<std::string> directories,
                   options_.files->List(blobs));
  std::vector<std::string> digests;
  for (const std::string& directory : directories) {
    ASSIGN_OR_RETURN(const std::vector<std::string> names,
                     options_.files->List(absl::StrCat(blobs, "/", directory)));
    for (const std::string& name : names) {
      if (IsSha256Hex(name)) digests.push_back(name);
    }
  }
  return digests;
}

absl::StatusOr<int64_t> BlobStore::CollectUploads(absl::Time before) {
  FileSystem* const files = options_.files;
  const std::string uploads = options_.data_dir + "/uploads";
  ASSIGN_OR_RETURN(const std::vector<std::string> names, files->List(uploads));
  int64_t collected = 0;
  for (const std::string& name : names) {
    const std::string path = absl::StrCat(uploads, "/", name);
    const auto modified = files->ModifiedTime(path);
    if (!modified.ok() || *modified >= before) continue;
    if (!Claim(path, INT64_MAX).ok()) continue;  // Being written.
    const absl::Status removed = files->Remove(path);
    Release(path);
    RETURN_IF_ERROR(removed);
    ++collected;
  }
  return collected;
}

}  // namespace quantd::storage
