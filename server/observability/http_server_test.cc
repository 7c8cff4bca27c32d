#include "server/observability/http_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "base/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace quantd {
namespace {

using ::quantd::testing::HasReason;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// The whole answer to a GET of `path`.
std::string Get(int port, const std::string& path) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) !=
      0) {
    close(fd);
    return "";
  }
  const std::string request = "GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n";
  EXPECT_EQ(write(fd, request.data(), request.size()),
            static_cast<ssize_t>(request.size()));
  std::string answer;
  char buffer[4096];
  for (ssize_t n; (n = read(fd, buffer, sizeof(buffer))) > 0;) {
    answer.append(buffer, n);
  }
  close(fd);
  return answer;
}

HttpServer::Options Healthy() {
  HttpServer::Options options;
  options.listen = "127.0.0.1:0";
  options.metrics = [] { return std::string("metric 1\n"); };
  options.healthy = [] { return absl::OkStatus(); };
  options.ready = [] { return absl::UnavailableError("no slot"); };
  return options;
}

TEST(HttpServerTest, AnswersItsThreePathsOnly) {
  ASSERT_OK_AND_ASSIGN(auto server, HttpServer::Start(Healthy()));
  ASSERT_GT(server->port(), 0);
  EXPECT_THAT(Get(server->port(), "/metrics"), HasSubstr("\r\n\r\nmetric 1\n"));
  EXPECT_THAT(Get(server->port(), "/healthz"), StartsWith("HTTP/1.1 200"));
  const std::string ready = Get(server->port(), "/readyz");
  EXPECT_THAT(ready, StartsWith("HTTP/1.1 503"));
  EXPECT_THAT(ready, HasSubstr("no slot"));
  EXPECT_THAT(Get(server->port(), "/etc/passwd"), StartsWith("HTTP/1.1 404"));
  EXPECT_THAT(Get(server->port(), "/"), StartsWith("HTTP/1.1 404"));
}

TEST(HttpServerTest, ABusyPortIsNamed) {
  ASSERT_OK_AND_ASSIGN(auto server, HttpServer::Start(Healthy()));
  HttpServer::Options options = Healthy();
  options.listen = "127.0.0.1:" + std::to_string(server->port());
  EXPECT_THAT(HttpServer::Start(options), HasReason("LISTEN_FAILED"));
}

}  // namespace
}  // namespace quantd
