// Services on a real gRPC server, a real store and no workers.
#ifndef QUANTD_SERVER_TESTING_API_FIXTURE_H_
#define QUANTD_SERVER_TESTING_API_FIXTURE_H_

#include <memory>
#include <string>
#include <vector>

#include "grpcpp/grpcpp.h"
#include "gtest/gtest.h"
#include "server/api/context.h"
#include "server/api/grpc_server.h"
#include "server/jobs/job_manager.h"
#include "server/observability/metrics.h"
#include "storage/store.h"

namespace quantd::testing {

// A fixture: derive, make the services with context() in the constructor, and
// call Serve.
class ApiFixture : public ::testing::Test {
 protected:
  ApiFixture();
  ~ApiFixture() override;

  // Serves at a free port of the loopback. `services` outlive the server: call
  // StopServer in the destructor of the derived class.
  void Serve(const std::vector<grpc::Service*>& services);
  void StopServer() { server_.reset(); }

  const api::Context& context() const { return context_; }
  storage::Store* store() { return store_.get(); }
  jobs::JobManager* manager() { return manager_.get(); }
  api::GrpcServer* server() { return server_.get(); }
  std::shared_ptr<grpc::Channel> channel() { return channel_; }

  // Leases the next job as the worker of a slot.
  v1::Attempt Lease();

 private:
  Metrics metrics_{"test"};
  std::unique_ptr<storage::Store> store_;
  std::unique_ptr<jobs::JobManager> manager_;
  std::unique_ptr<api::Executor> executor_;
  api::Context context_;
  std::unique_ptr<api::GrpcServer> server_;
  std::shared_ptr<grpc::Channel> channel_;
};

}  // namespace quantd::testing

#endif  // QUANTD_SERVER_TESTING_API_FIXTURE_H_
