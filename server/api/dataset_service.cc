#include "server/api/dataset_service.h"

#include <memory>
#include <string>
#include <utility>

#include "base/error.h"
#include "base/status_macros.h"
#include "server/api/call.h"
#include "server/api/upload_call.h"

namespace quantd::api {
namespace {

class AppendCall final : public UploadCall<v1::AppendRecordsRequest> {
 public:
  AppendCall(const Context& context, grpc::CallbackServerContext* grpc,
             v1::Dataset* response)
      : UploadCall(context, grpc, "DatasetService/AppendRecords"),
        response_(response) {}

 protected:
  absl::StatusOr<bool> OnMessage(
      const v1::AppendRecordsRequest& request) override {
    RETURN_IF_ERROR(Open(request));
    if (!writer_->complete()) {
      if (request.records_size() > 0) {
        RETURN_IF_ERROR(
            writer_->Append(request.first_index(), request.records()));
        context().metrics->CountUploadBytes(
            static_cast<int64_t>(request.ByteSizeLong()));
      }
      if (request.finish()) {
        RETURN_IF_ERROR(writer_->Finish(request.sha256()).status());
      }
    }
    *response_ = writer_->dataset();
    return writer_->complete();
  }

  absl::Status OnHalfClose() override { return absl::OkStatus(); }

  // The client may resume at once.
  void OnEnd(const absl::Status&) override { writer_.reset(); }

 private:
  absl::Status Open(const v1::AppendRecordsRequest& request) {
    if (writer_ == nullptr) {
      ASSIGN_OR_RETURN(writer_, context().store->datasets()->OpenWriter(
                                    request.id(), request.display_name()));
      return absl::OkStatus();
    }
    if (request.id().empty() || request.id() == writer_->dataset().id()) {
      return absl::OkStatus();
    }
    return Error(absl::StatusCode::kInvalidArgument, "OPTION_CONFLICT",
                 "an upload stream may not change its data set; start another "
                 "call",
                 {{"options", "id"}});
  }

  v1::Dataset* const response_;
  std::unique_ptr<storage::DatasetWriter> writer_;
};

}  // namespace

grpc::ServerReadReactor<v1::AppendRecordsRequest>*
DatasetService::AppendRecords(grpc::CallbackServerContext* grpc,
                              v1::Dataset* response) {
  return new AppendCall(context_, grpc, response);
}

grpc::ServerUnaryReactor* DatasetService::GetDataset(
    grpc::CallbackServerContext* grpc, const v1::GetDatasetRequest* request,
    v1::Dataset* response) {
  return new UnaryCall(context_, grpc, "DatasetService/GetDataset",
                       [this, request, response]() -> absl::Status {
                         ASSIGN_OR_RETURN(
                             *response,
                             context_.store->datasets()->Get(request->id()));
                         return absl::OkStatus();
                       });
}

grpc::ServerUnaryReactor* DatasetService::ListDatasets(
    grpc::CallbackServerContext* grpc, const v1::ListDatasetsRequest* request,
    v1::ListDatasetsResponse* response) {
  return new UnaryCall(context_, grpc, "DatasetService/ListDatasets",
                       [this, request, response]() -> absl::Status {
                         ASSIGN_OR_RETURN(
                             storage::DatasetStore::Page page,
                             context_.store->datasets()->List(
                                 request->page_size(), request->page_token()));
                         for (v1::Dataset& dataset : page.datasets) {
                           *response->add_datasets() = std::move(dataset);
                         }
                         response->set_next_page_token(page.next_page_token);
                         return absl::OkStatus();
                       });
}

}  // namespace quantd::api
