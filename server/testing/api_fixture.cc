#include "server/testing/api_fixture.h"

#include <memory>
#include <vector>

#include "base/testing/status_matchers.h"
#include "server/testing/job_specs.h"

namespace quantd::testing {

ApiFixture::ApiFixture() {
  storage::Store::Options options;
  options.data_dir = FreshDataDir();
  auto store = storage::Store::Open(options);
  EXPECT_OK(store);
  store_ = *std::move(store);
  jobs::JobManager::Options manager_options;
  manager_options.store = store_.get();
  manager_options.metrics = &metrics_;
  auto manager = jobs::JobManager::Start(manager_options);
  EXPECT_OK(manager);
  manager_ = *std::move(manager);
  manager_->AddSlot("cpu-0", "cpu");
  manager_->WorkerStarted("cpu-0", 1);
  executor_ = std::make_unique<api::Executor>(4);
  context_ = {store_.get(), manager_.get(), &metrics_, executor_.get()};
}

ApiFixture::~ApiFixture() {
  server_.reset();
  executor_.reset();
}

void ApiFixture::Serve(const std::vector<grpc::Service*>& services) {
  api::GrpcServer::Options options;
  options.listen = "127.0.0.1:0";
  options.services = services;
  options.health_and_reflection = true;
  auto server = api::GrpcServer::Start(options);
  ASSERT_OK(server);
  server_ = *std::move(server);
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  channel_ = grpc::CreateCustomChannel(
      server_->address(), grpc::InsecureChannelCredentials(), arguments);
}

v1::Attempt ApiFixture::Lease() {
  v1::LeaseRequest request;
  request.set_slot_id("cpu-0");
  request.set_pid(1);
  auto attempt = manager_->TryLease(request);
  EXPECT_OK(attempt);
  return attempt->value();
}

}  // namespace quantd::testing
