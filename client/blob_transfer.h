// Files to the server and back, by content: what is there already is not sent
// again, what broke off goes on where it stopped.
// Not here: data sets (dataset_upload.h).
#ifndef QUANTD_CLIENT_BLOB_TRANSFER_H_
#define QUANTD_CLIENT_BLOB_TRANSFER_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/file_system.h"
#include "client/client.h"
#include "client/transfer_progress.h"
#include "proto/quantd/v1/blob_service.grpc.pb.h"

namespace quantd {

// Uploads and downloads blobs over one client's channel.
//
// Ownership: keeps `client` and `files`, which must outlive it.
// Threads: safe, with a file per call.
// Memory: one chunk of 1 MiB.
// Errors: those of the calls; local ones are FAILED_PRECONDITION and name the
//   file: FILE_NOT_FOUND, FILE_EMPTY, FILE_READ_FAILED, FILE_CHANGED,
//   FILE_WRITE_FAILED.
class BlobTransfer {
 public:
  explicit BlobTransfer(Client* client,
                        FileSystem* files = FileSystem::Posix());

  // Digest, size and base name of a file.
  absl::StatusOr<v1::BlobRef> Hash(const std::string& path,
                                   const TransferProgress& progress = {});

  // Hashes the file and stores it on the server unless it is there. A later
  // call for the same file by the same user resumes a broken upload.
  absl::StatusOr<v1::BlobRef> Upload(const std::string& path,
                                     const TransferProgress& progress = {});

  // Writes the blob to `target`, whose directory must exist: into a hidden
  // file beside it first, which a later call resumes, then by rename. Does
  // nothing if `target` has the content already.
  // Errors: DATA_LOSS, ARTIFACT_CORRUPT when the bytes are not the blob's.
  absl::Status Fetch(const v1::BlobRef& blob, const std::string& target,
                     const TransferProgress& progress = {});

 private:
  absl::StatusOr<bool> IsMissing(const v1::BlobRef& blob);
  absl::StatusOr<v1::QueryWriteStatusResponse> WriteStatus(
      const v1::BlobRef& blob, const std::string& upload_id);
  // One WriteBlob stream, from `offset` to the end.
  absl::Status WriteFrom(int64_t offset, const v1::BlobRef& blob,
                         const std::string& upload_id, const ReadFile& file,
                         const TransferProgress& progress);
  absl::Status Write(const v1::BlobRef& blob, const std::string& path,
                     const TransferProgress& progress);
  // One ReadBlob stream, appended to `part`.
  absl::Status ReadInto(const v1::BlobRef& blob, const std::string& part,
                        const TransferProgress& progress);

  Client* const client_;
  FileSystem* const files_;
  const std::unique_ptr<v1::BlobService::Stub> stub_;
};

}  // namespace quantd

#endif  // QUANTD_CLIENT_BLOB_TRANSFER_H_
