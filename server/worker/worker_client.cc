#include "server/worker/worker_client.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/random_id.h"
#include "base/sha256.h"
#include "grpcpp/grpcpp.h"
#include "proto/rpc/grpc_status.h"

namespace quantd::worker {
namespace {

constexpr absl::Duration kCallTime = absl::Seconds(20);
constexpr absl::Duration kTransferTime = absl::Hours(1);

void SetDeadline(absl::Duration time, grpc::ClientContext* context) {
  context->set_deadline(absl::ToChronoTime(absl::Now() + time));
}

std::shared_ptr<grpc::Channel> MakeChannel(const std::string& address) {
  grpc::ChannelArguments arguments;
  // It is next door: no long back-off.
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 50);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 500);
  return grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(),
                                   arguments);
}

}  // namespace

WorkerClient::WorkerClient(const std::string& address) {
  const std::shared_ptr<grpc::Channel> channel = MakeChannel(address);
  worker_ = v1::WorkerService::NewStub(channel);
  blobs_ = v1::BlobService::NewStub(channel);
}

absl::StatusOr<std::optional<v1::Attempt>> WorkerClient::Lease(
    const v1::LeaseRequest& request) {
  grpc::ClientContext context;
  SetDeadline(kCallTime, &context);
  v1::LeaseResponse response;
  const absl::Status status =
      FromGrpcStatus(worker_->Lease(&context, request, &response));
  if (!status.ok()) return status;
  if (!response.has_attempt()) return std::optional<v1::Attempt>();
  return std::optional<v1::Attempt>(response.attempt());
}

absl::StatusOr<v1::ReportResponse> WorkerClient::Report(
    const v1::ReportRequest& request) {
  grpc::ClientContext context;
  SetDeadline(kCallTime, &context);
  v1::ReportResponse response;
  const absl::Status status =
      FromGrpcStatus(worker_->Report(&context, request, &response));
  if (!status.ok()) return status;
  return response;
}

absl::Status WorkerClient::SaveArtifacts(
    const v1::SaveArtifactsRequest& request) {
  grpc::ClientContext context;
  SetDeadline(kCallTime, &context);
  v1::SaveArtifactsResponse response;
  return FromGrpcStatus(worker_->SaveArtifacts(&context, request, &response));
}

absl::Status WorkerClient::Commit(const v1::CommitRequest& request) {
  grpc::ClientContext context;
  SetDeadline(kCallTime, &context);
  v1::CommitResponse response;
  return FromGrpcStatus(worker_->Commit(&context, request, &response));
}

absl::StatusOr<std::string> WorkerClient::ReadBlob(const v1::BlobRef& ref) {
  if (ref.size_bytes() > Limits().max_blob_bytes) {
    return Error(
        absl::StatusCode::kResourceExhausted, "MESSAGE_TOO_LARGE",
        absl::StrCat(ref.file_name(), " has ", ref.size_bytes(),
                     " bytes; a file may have ", Limits().max_blob_bytes),
        {{"size", absl::StrCat(ref.size_bytes())},
         {"limit", absl::StrCat(Limits().max_blob_bytes)}});
  }
  v1::ReadBlobRequest request;
  *request.mutable_blob() = ref;
  grpc::ClientContext context;
  SetDeadline(kTransferTime, &context);
  const auto reader = blobs_->ReadBlob(&context, request);
  std::string bytes;
  bytes.reserve(static_cast<size_t>(std::max<int64_t>(ref.size_bytes(), 0)));
  for (v1::ReadBlobResponse piece; reader->Read(&piece);) {
    bytes += piece.data();
  }
  const absl::Status status = FromGrpcStatus(reader->Finish());
  if (!status.ok()) return status;
  return bytes;
}

absl::StatusOr<v1::BlobRef> WorkerClient::WriteBlob(
    absl::string_view bytes, const std::string& file_name) {
  v1::BlobRef ref;
  ref.set_sha256(Sha256Hex(bytes));
  ref.set_size_bytes(static_cast<int64_t>(bytes.size()));
  ref.set_file_name(file_name);
  grpc::ClientContext context;
  SetDeadline(kTransferTime, &context);
  v1::WriteBlobResponse response;
  const auto writer = blobs_->WriteBlob(&context, &response);
  const size_t chunk = static_cast<size_t>(Limits().max_chunk_bytes);
  size_t offset = 0;
  bool more = true;
  while (more) {
    const absl::string_view data = bytes.substr(offset, chunk);
    v1::WriteBlobRequest request;
    if (offset == 0) {
      *request.mutable_blob() = ref;
      request.set_upload_id(RandomUuid());
    }
    request.set_write_offset(static_cast<int64_t>(offset));
    request.set_data(std::string(data));
    offset += data.size();
    more = offset < bytes.size();
    request.set_finish_write(!more);
    // False: it is stored already, or went wrong; Finish tells.
    if (!writer->Write(request)) break;
  }
  writer->WritesDone();
  const absl::Status status = FromGrpcStatus(writer->Finish());
  if (!status.ok()) return status;
  return ref;
}

}  // namespace quantd::worker
