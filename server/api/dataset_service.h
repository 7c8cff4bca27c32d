// quantd.v1.DatasetService.
#ifndef QUANTD_SERVER_API_DATASET_SERVICE_H_
#define QUANTD_SERVER_API_DATASET_SERVICE_H_

#include "proto/quantd/v1/dataset_service.grpc.pb.h"
#include "server/api/context.h"

namespace quantd::api {

// Threads: safe.
class DatasetService final : public v1::DatasetService::CallbackService {
 public:
  explicit DatasetService(const Context& context) : context_(context) {}

  grpc::ServerReadReactor<v1::AppendRecordsRequest>* AppendRecords(
      grpc::CallbackServerContext* grpc, v1::Dataset* response) override;
  grpc::ServerUnaryReactor* GetDataset(grpc::CallbackServerContext* grpc,
                                       const v1::GetDatasetRequest* request,
                                       v1::Dataset* response) override;
  grpc::ServerUnaryReactor* ListDatasets(
      grpc::CallbackServerContext* grpc, const v1::ListDatasetsRequest* request,
      v1::ListDatasetsResponse* response) override;

 private:
  const Context context_;
};

}  // namespace quantd::api

#endif  // QUANTD_SERVER_API_DATASET_SERVICE_H_
