#include "server/api/blob_service.h"

#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/status_macros.h"
#include "server/api/call.h"
#include "server/api/upload_call.h"

namespace quantd::api {
namespace {

absl::Status OutOfRange(const char* option, int64_t value,
                        const std::string& allowed) {
  return Error(absl::StatusCode::kInvalidArgument, "OPTION_OUT_OF_RANGE",
               absl::StrCat(option, " is ", value, "; it must be ", allowed),
               {{"option", option},
                {"value", absl::StrCat(value)},
                {"allowed", allowed}});
}

absl::Status AnotherName() {
  return Error(absl::StatusCode::kInvalidArgument, "OPTION_CONFLICT",
               "an upload stream may not change its blob or upload id; start "
               "another call",
               {{"options", "blob, upload_id"}});
}

class BlobWriteCall final : public UploadCall<v1::WriteBlobRequest> {
 public:
  BlobWriteCall(const Context& context, grpc::CallbackServerContext* grpc,
                v1::WriteBlobResponse* response)
      : UploadCall(context, grpc, "BlobService/WriteBlob"),
        response_(response) {}

 protected:
  absl::StatusOr<bool> OnMessage(const v1::WriteBlobRequest& request) override {
    const int64_t max_bytes = Limits().max_chunk_bytes;
    const auto size = static_cast<int64_t>(request.data().size());
    if (size > max_bytes) {
      return OutOfRange("size of data", size,
                        absl::StrCat("at most ", max_bytes));
    }
    RETURN_IF_ERROR(Open(request));
    if (!upload_->complete()) {
      RETURN_IF_ERROR(upload_->Append(request.write_offset(), request.data()));
      context().metrics->CountUploadBytes(size);
      if (request.finish_write()) RETURN_IF_ERROR(upload_->Finish());
    }
    response_->set_committed_size(upload_->committed_size());
    return upload_->complete();
  }

  absl::Status OnHalfClose() override {
    if (upload_ == nullptr) return absl::OkStatus();
    response_->set_committed_size(upload_->committed_size());
    return upload_->Sync();
  }

  void OnEnd(const absl::Status& status) override {
    const char* result = "aborted";
    if (status.ok()) {
      result =
          upload_ != nullptr && upload_->complete() ? "complete" : "partial";
    } else if (ErrorReason(status) == "DIGEST_MISMATCH") {
      result = "digest_mismatch";
    }
    context().metrics->CountUpload(result);
    // Before the answer: the client may resume at once.
    upload_.reset();
  }

 private:
  absl::Status Open(const v1::WriteBlobRequest& request) {
    if (upload_ != nullptr) {
      if (request.has_blob() && request.blob().sha256() != sha256_) {
        return AnotherName();
      }
      const bool same =
          request.upload_id().empty() || request.upload_id() == upload_id_;
      return same ? absl::OkStatus() : AnotherName();
    }
    sha256_ = request.blob().sha256();
    upload_id_ = request.upload_id();
    ASSIGN_OR_RETURN(upload_, context().store->blobs()->OpenUpload(
                                  request.blob(), upload_id_));
    return absl::OkStatus();
  }

  v1::WriteBlobResponse* const response_;
  std::unique_ptr<storage::BlobUpload> upload_;
  std::string sha256_;
  std::string upload_id_;
};

// Sends piece after piece, as fast as the client takes them.
class BlobReadCall final
    : public grpc::ServerWriteReactor<v1::ReadBlobResponse> {
 public:
  BlobReadCall(const Context& context, const v1::ReadBlobRequest& request)
      : context_(context),
        request_(request),
        timer_(context.metrics, "BlobService/ReadBlob") {
    context_.executor->Run([this] { Open(); });
  }

  void OnWriteDone(bool ok) override {
    context_.executor->Run([this, ok] {
      if (!ok) return End(absl::CancelledError("cancelled by the client"));
      SendNext();
    });
  }
  void OnDone() override { delete this; }

 private:
  void Open() {
    if (request_.read_limit() < 0) {
      return End(OutOfRange("read_limit", request_.read_limit(),
                            "0 (to the end) or more"));
    }
    auto reader = context_.store->blobs()->OpenRead(
        request_.blob(), request_.read_offset(), request_.read_limit());
    if (!reader.ok()) return End(reader.status());
    reader_ = *std::move(reader);
    SendNext();
  }

  void SendNext() {
    absl::StatusOr<std::string> piece = reader_->Next(Limits().max_chunk_bytes);
    if (!piece.ok()) return End(piece.status());
    if (piece->empty()) return End(absl::OkStatus());
    context_.metrics->CountDownloadBytes(static_cast<int64_t>(piece->size()));
    response_.set_data(*std::move(piece));
    StartWrite(&response_);
  }

  void End(const absl::Status& status) {
    reader_.reset();
    Finish(timer_.End(status));
  }

  const Context context_;
  const v1::ReadBlobRequest request_;
  const CallTimer timer_;
  std::unique_ptr<storage::BlobReader> reader_;
  v1::ReadBlobResponse response_;
};

}  // namespace

grpc::ServerUnaryReactor* BlobService::FindMissingBlobs(
    grpc::CallbackServerContext* grpc,
    const v1::FindMissingBlobsRequest* request,
    v1::FindMissingBlobsResponse* response) {
  return new UnaryCall(
      context_, grpc, "BlobService/FindMissingBlobs",
      [this, request, response]() -> absl::Status {
        const int64_t max = Limits().max_find_missing;
        if (request->blobs_size() > max) {
          return OutOfRange("number of blobs", request->blobs_size(),
                            absl::StrCat("at most ", max));
        }
        const std::vector<v1::BlobRef> refs(request->blobs().begin(),
                                            request->blobs().end());
        ASSIGN_OR_RETURN(std::vector<v1::BlobRef> missing,
                         context_.store->blobs()->FindMissing(refs));
        for (v1::BlobRef& ref : missing) {
          *response->add_missing() = std::move(ref);
        }
        return absl::OkStatus();
      });
}

grpc::ServerReadReactor<v1::WriteBlobRequest>* BlobService::WriteBlob(
    grpc::CallbackServerContext* grpc, v1::WriteBlobResponse* response) {
  return new BlobWriteCall(context_, grpc, response);
}

grpc::ServerUnaryReactor* BlobService::QueryWriteStatus(
    grpc::CallbackServerContext* grpc,
    const v1::QueryWriteStatusRequest* request,
    v1::QueryWriteStatusResponse* response) {
  return new UnaryCall(context_, grpc, "BlobService/QueryWriteStatus",
                       [this, request, response]() -> absl::Status {
                         ASSIGN_OR_RETURN(
                             const storage::BlobStore::UploadStatus status,
                             context_.store->blobs()->QueryUpload(
                                 request->blob(), request->upload_id()));
                         response->set_committed_size(status.committed_size);
                         response->set_complete(status.complete);
                         return absl::OkStatus();
                       });
}

grpc::ServerWriteReactor<v1::ReadBlobResponse>* BlobService::ReadBlob(
    grpc::CallbackServerContext*, const v1::ReadBlobRequest* request) {
  return new BlobReadCall(context_, *request);
}

}  // namespace quantd::api
