#include "server/api/grpc_server.h"

#include <sys/stat.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "base/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "server/api/server_service.h"
#include "server/testing/api_fixture.h"

namespace quantd::api {
namespace {

using ::quantd::testing::HasReason;

class GrpcServerTest : public ::quantd::testing::ApiFixture {
 protected:
  GrpcServerTest()
      : service_(context(), {"1.2.3", 77, [] { return absl::OkStatus(); }}) {
    Serve({&service_});
  }
  ~GrpcServerTest() override { StopServer(); }

  ServerService service_;
};

TEST_F(GrpcServerTest, ServerInfoIsAnswered) {
  const auto stub = v1::ServerService::NewStub(channel());
  grpc::ClientContext context;
  v1::ServerInfo reply;
  ASSERT_TRUE(
      stub->GetServerInfo(&context, v1::GetServerInfoRequest(), &reply).ok());
  EXPECT_EQ(reply.version(), "1.2.3");
  EXPECT_TRUE(reply.ready());
  EXPECT_EQ(reply.slots_size(), 1);
  EXPECT_EQ(reply.max_chunk_bytes(), 1 << 20);
  EXPECT_EQ(reply.libraries().count("gRPC"), 1u);
}

TEST_F(GrpcServerTest, APortIsNotShared) {
  GrpcServer::Options options;
  options.listen = absl::StrCat("127.0.0.1:", server()->port());
  EXPECT_THAT(GrpcServer::Start(options), HasReason("LISTEN_FAILED"));
}

TEST_F(GrpcServerTest, AUnixSocketIsPrivate) {
  const std::string path = absl::StrCat("/tmp/quantd_test_", getpid());
  GrpcServer::Options options;
  options.listen = "unix:" + path;
  ASSERT_OK_AND_ASSIGN(const auto server, GrpcServer::Start(options));
  struct stat stat_result = {};
  ASSERT_EQ(stat(path.c_str(), &stat_result), 0);
  EXPECT_EQ(stat_result.st_mode & 0777, 0600u);
  EXPECT_EQ(server->port(), 0);
}

TEST_F(GrpcServerTest, OversizedMessagesAreRefused) {
  const auto stub = v1::ServerService::NewStub(channel());
  v1::GetServerInfoRequest request;
  request.GetReflection()->MutableUnknownFields(&request)->AddLengthDelimited(
      1000, std::string(5 << 20, 'x'));
  grpc::ClientContext context;
  v1::ServerInfo reply;
  EXPECT_EQ(stub->GetServerInfo(&context, request, &reply).error_code(),
            grpc::StatusCode::RESOURCE_EXHAUSTED);
}

}  // namespace
}  // namespace quantd::api
