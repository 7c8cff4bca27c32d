// quantd.v1.BlobService, for clients and for workers.
#ifndef QUANTD_SERVER_API_BLOB_SERVICE_H_
#define QUANTD_SERVER_API_BLOB_SERVICE_H_

#include "proto/quantd/v1/blob_service.grpc.pb.h"
#include "server/api/context.h"

namespace quantd::api {

// Threads: safe. One object per grpc::Server.
class BlobService final : public v1::BlobService::CallbackService {
 public:
  explicit BlobService(const Context& context) : context_(context) {}

  grpc::ServerUnaryReactor* FindMissingBlobs(
      grpc::CallbackServerContext* grpc,
      const v1::FindMissingBlobsRequest* request,
      v1::FindMissingBlobsResponse* response) override;
  grpc::ServerReadReactor<v1::WriteBlobRequest>* WriteBlob(
      grpc::CallbackServerContext* grpc,
      v1::WriteBlobResponse* response) override;
  grpc::ServerUnaryReactor* QueryWriteStatus(
      grpc::CallbackServerContext* grpc,
      const v1::QueryWriteStatusRequest* request,
      v1::QueryWriteStatusResponse* response) override;
  grpc::ServerWriteReactor<v1::ReadBlobResponse>* ReadBlob(
      grpc::CallbackServerContext* grpc,
      const v1::ReadBlobRequest* request) override;

 private:
  const Context context_;
};

}  // namespace quantd::api

#endif  // QUANTD_SERVER_API_BLOB_SERVICE_H_
