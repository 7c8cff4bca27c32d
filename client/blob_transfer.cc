#include "client/blob_transfer.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/error.h"
#include "base/sha256.h"
#include "base/status_macros.h"
#include "client/call.h"
#include "client/input_file.h"
#include "client/resume.h"

namespace quantd {
namespace {

constexpr int64_t kChunkBytes = int64_t{1} << 20;

std::string BaseName(const std::string& path) {
  return path.substr(path.rfind('/') + 1);  // npos + 1 == 0.
}

absl::Status FileError(absl::string_view reason, const std::string& path,
                       absl::string_view what) {
  return Error(absl::StatusCode::kFailedPrecondition, reason,
               absl::StrCat(path, what), {{"file", path}});
}

absl::Status ReadFailed(const std::string& path, const absl::Status& cause) {
  return FileError("FILE_READ_FAILED", path,
                   absl::StrCat(" cannot be read (", cause.message(),
                                "); check its permissions and the disk"));
}

absl::Status WriteFailed(const std::string& path, const absl::Status& cause) {
  return FileError("FILE_WRITE_FAILED", path,
                   absl::StrCat(" cannot be written (", cause.message(),
                                "); check the directory and the disk space"));
}

// The same for each attempt of this user on this machine, so that they resume
// each other's uploads, and different from other users'.
std::string UploadId(const v1::BlobRef& blob) {
  char host[256] = "";
  gethostname(host, sizeof(host) - 1);
  return Sha256Hex(absl::StrCat(host, "\n", getuid(), "\n", blob.sha256()))
      .substr(0, 40);
}

// Hidden and named by content: a resume cannot mix two blobs.
std::string PartPath(const v1::BlobRef& blob, const std::string& target) {
  return absl::StrCat(DirectoryOf(target), "/.", BaseName(target), ".",
                      blob.sha256().substr(0, 16), ".part");
}

void Tell(const TransferProgress& progress, int64_t done, int64_t total) {
  if (progress) progress(done, total);
}

}  // namespace

BlobTransfer::BlobTransfer(Client* client, FileSystem* files)
    : client_(client),
      files_(files),
      stub_(v1::BlobService::NewStub(client->channel())) {}

absl::StatusOr<v1::BlobRef> BlobTransfer::Hash(
    const std::string& path, const TransferProgress& progress) {
  auto file = files_->OpenRead(path);
  if (!file.ok()) return ReadFailed(path, file.status());
  const auto size = files_->Size(path);
  if (!size.ok()) return ReadFailed(path, size.status());
  Sha256 hash;
  int64_t done = 0;
  CancelToken* cancel = client_->options().cancel;
  for (;;) {
    if (cancel != nullptr && cancel->cancelled()) {
      return absl::CancelledError("cancelled while reading files");
    }
    const auto chunk = (*file)->ReadAt(done, kChunkBytes);
    if (!chunk.ok()) return ReadFailed(path, chunk.status());
    if (chunk->empty()) break;
    hash.Update(*chunk);
    done += chunk->size();
    Tell(progress, done, std::max(done, *size));
  }
  v1::BlobRef blob;
  blob.set_sha256(hash.Hex());
  blob.set_size_bytes(done);
  blob.set_file_name(BaseName(path));
  return blob;
}

absl::StatusOr<bool> BlobTransfer::IsMissing(const v1::BlobRef& blob) {
  v1::FindMissingBlobsRequest request;
  *request.add_blobs() = blob;
  v1::FindMissingBlobsResponse response;
  RETURN_IF_ERROR(CallUnary(
      stub_.get(), &v1::BlobService::Stub::FindMissingBlobs, request, &response,
      client_->CallDeadline(client_->options().call_timeout),
      client_->options().cancel, Repeat::kOnUnavailable));
  return response.missing_size() > 0;
}

absl::StatusOr<v1::QueryWriteStatusResponse> BlobTransfer::WriteStatus(
    const v1::BlobRef& blob, const std::string& upload_id) {
  v1::QueryWriteStatusRequest request;
  *request.mutable_blob() = blob;
  request.set_upload_id(upload_id);
  v1::QueryWriteStatusResponse response;
  const absl::Status status = CallUnary(
      stub_.get(), &v1::BlobService::Stub::QueryWriteStatus, request, &response,
      client_->CallDeadline(client_->options().call_timeout),
      client_->options().cancel, Repeat::kOnUnavailable);
  if (absl::IsNotFound(status)) return v1::QueryWriteStatusResponse();
  RETURN_IF_ERROR(status);
  return response;
}

absl::Status BlobTransfer::WriteFrom(int64_t offset, const v1::BlobRef& blob,
                                     const std::string& upload_id,
                                     const ReadFile& file,
                                     const TransferProgress& progress) {
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(client_->options().deadline));
  CancelScope scope(client_->options().cancel, &context);
  v1::WriteBlobResponse response;
  auto stream = stub_->WriteBlob(&context, &response);
  v1::WriteBlobRequest request;
  *request.mutable_blob() = blob;
  request.set_upload_id(upload_id);
  for (bool open = true; open;) {
    auto chunk =
        file.ReadAt(offset, std::min(kChunkBytes, blob.size_bytes() - offset));
    if (!chunk.ok() || (chunk->empty() && offset < blob.size_bytes())) {
      context.TryCancel();
      stream->Finish();
      if (!chunk.ok()) return ReadFailed(blob.file_name(), chunk.status());
      return FileError("FILE_CHANGED", blob.file_name(),
                       " became shorter while it was read; run the command "
                       "again when nothing writes it");
    }
    request.set_write_offset(offset);
    offset += chunk->size();
    request.set_data(*std::move(chunk));
    request.set_finish_write(offset == blob.size_bytes());
    // A stream that the server ended says why in Finish().
    open = stream->Write(request) && !request.finish_write();
    request.clear_blob();
    request.clear_upload_id();
    Tell(progress, offset, blob.size_bytes());
  }
  stream->WritesDone();
  RETURN_IF_ERROR(FromGrpcStatus(stream->Finish()));
  if (response.committed_size() != blob.size_bytes()) {
    return absl::UnavailableError(
        absl::StrCat("the server stored ", response.committed_size(), " of ",
                     blob.size_bytes(), " bytes"));
  }
  return absl::OkStatus();
}

absl::Status BlobTransfer::Write(const v1::BlobRef& blob,
                                 const std::string& path,
                                 const TransferProgress& progress) {
  auto file = files_->OpenRead(path);
  if (!file.ok()) return ReadFailed(path, file.status());
  const std::string upload_id = UploadId(blob);
  const auto position = [&]() -> absl::StatusOr<TransferPosition> {
    ASSIGN_OR_RETURN(const v1::QueryWriteStatusResponse status,
                     WriteStatus(blob, upload_id));
    return TransferPosition{status.committed_size(), status.complete()};
  };
  const absl::Status status =
      ResumeUntilDone(client_->options().cancel, position, [&](int64_t offset) {
        return WriteFrom(offset, blob, upload_id, **file, progress);
      });
  return Annotate(status, absl::StrCat("upload of ", path, ": "),
                  {{"file", path}});
}

absl::StatusOr<v1::BlobRef> BlobTransfer::Upload(
    const std::string& path, const TransferProgress& progress) {
  RETURN_IF_ERROR(CheckInputFile(path));
  ASSIGN_OR_RETURN(const v1::BlobRef blob, Hash(path));
  ASSIGN_OR_RETURN(const bool missing, IsMissing(blob));
  if (missing) RETURN_IF_ERROR(Write(blob, path, progress));
  Tell(progress, blob.size_bytes(), blob.size_bytes());
  return blob;
}

absl::Status BlobTransfer::ReadInto(const v1::BlobRef& blob,
                                    const std::string& part,
                                    const TransferProgress& progress) {
  auto file = files_->OpenAppend(part);
  if (!file.ok()) return WriteFailed(part, file.status());
  const auto size = files_->Size(part);
  if (!size.ok()) return WriteFailed(part, size.status());
  int64_t offset = *size;
  if (offset < blob.size_bytes()) {
    v1::ReadBlobRequest request;
    *request.mutable_blob() = blob;
    request.set_read_offset(offset);
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(client_->options().deadline));
    CancelScope scope(client_->options().cancel, &context);
    auto stream = stub_->ReadBlob(&context, request);
    v1::ReadBlobResponse response;
    while (stream->Read(&response)) {
      const absl::Status written = (*file)->Append(response.data());
      if (!written.ok()) {
        context.TryCancel();
        stream->Finish();
        return WriteFailed(part, written);
      }
      offset += response.data().size();
      Tell(progress, std::min(offset, blob.size_bytes()), blob.size_bytes());
    }
    RETURN_IF_ERROR(FromGrpcStatus(stream->Finish()));
    if (offset < blob.size_bytes()) {
      return absl::UnavailableError(absl::StrCat(
          "the server sent ", offset, " of ", blob.size_bytes(), " bytes"));
    }
  }
  const absl::Status synced = (*file)->Sync();
  return synced.ok() ? synced : WriteFailed(part, synced);
}

absl::Status BlobTransfer::Fetch(const v1::BlobRef& blob,
                                 const std::string& target,
                                 const TransferProgress& progress) {
  const auto is_blob = [&](const std::string& path) {
    const auto found = Hash(path);
    return found.ok() && found->sha256() == blob.sha256();
  };
  if (files_->Exists(target) && is_blob(target)) {
    Tell(progress, blob.size_bytes(), blob.size_bytes());
    return absl::OkStatus();
  }
  const std::string part = PartPath(blob, target);
  const auto position = [&]() -> absl::StatusOr<TransferPosition> {
    const auto size = files_->Size(part);
    return TransferPosition{size.ok() ? *size : 0, false};
  };
  // A second round if what an earlier call left turns out to be wrong.
  for (int rounds = files_->Exists(part) ? 2 : 1; rounds > 0; --rounds) {
    const absl::Status status = ResumeUntilDone(
        client_->options().cancel, position,
        [&](int64_t) { return ReadInto(blob, part, progress); });
    RETURN_IF_ERROR(Annotate(status, absl::StrCat("fetching ", target, ": "),
                             {{"file", target}}));
    if (is_blob(part)) {
      const absl::Status renamed = files_->Rename(part, target);
      if (!renamed.ok()) return WriteFailed(target, renamed);
      const absl::Status synced = files_->SyncDirectory(DirectoryOf(target));
      return synced.ok() ? synced : WriteFailed(target, synced);
    }
    files_->Remove(part).IgnoreError();
  }
  return Error(absl::StatusCode::kDataLoss, "ARTIFACT_CORRUPT",
               absl::StrCat("the bytes received for ", target,
                            " do not have the digest ", blob.sha256(),
                            "; fetch it again, and look at the server's disk"),
               {{"file", target}, {"expected", blob.sha256()}});
}

}  // namespace quantd
