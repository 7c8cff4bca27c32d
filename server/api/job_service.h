// quantd.v1.JobService.
#ifndef QUANTD_SERVER_API_JOB_SERVICE_H_
#define QUANTD_SERVER_API_JOB_SERVICE_H_

#include "proto/quantd/v1/job_service.grpc.pb.h"
#include "server/api/context.h"

namespace quantd::api {

// Threads: safe.
class JobService final : public v1::JobService::CallbackService {
 public:
  explicit JobService(const Context& context) : context_(context) {}

  grpc::ServerUnaryReactor* CreateJob(grpc::CallbackServerContext* grpc,
                                      const v1::CreateJobRequest* request,
                                      v1::Job* response) override;
  grpc::ServerUnaryReactor* GetJob(grpc::CallbackServerContext* grpc,
                                   const v1::GetJobRequest* request,
                                   v1::Job* response) override;
  grpc::ServerUnaryReactor* ListJobs(grpc::CallbackServerContext* grpc,
                                     const v1::ListJobsRequest* request,
                                     v1::ListJobsResponse* response) override;
  grpc::ServerUnaryReactor* CancelJob(grpc::CallbackServerContext* grpc,
                                      const v1::CancelJobRequest* request,
                                      v1::Job* response) override;
  grpc::ServerUnaryReactor* DeleteJob(grpc::CallbackServerContext* grpc,
                                      const v1::DeleteJobRequest* request,
                                      v1::DeleteJobResponse* response) override;
  grpc::ServerUnaryReactor* WaitJob(grpc::CallbackServerContext* grpc,
                                    const v1::WaitJobRequest* request,
                                    v1::Job* response) override;
  grpc::ServerWriteReactor<v1::JobEvent>* WatchJob(
      grpc::CallbackServerContext* grpc,
      const v1::WatchJobRequest* request) override;
  grpc::ServerUnaryReactor* ListRecords(
      grpc::CallbackServerContext* grpc, const v1::ListRecordsRequest* request,
      v1::ListRecordsResponse* response) override;

 private:
  const Context context_;
};

}  // namespace quantd::api

#endif  // QUANTD_SERVER_API_JOB_SERVICE_H_
