#include "server/observability/http_server.h"

#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "civetweb.h"

namespace quantd {
namespace {

// Sends a whole answer; returns its status, as civetweb wants it.
int Send(mg_connection* connection, int status, const std::string& body) {
  const std::string head = absl::StrCat(
      "HTTP/1.1 ", status, status == 200 ? " OK" : " Service Unavailable",
      "\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8",
      "\r\nContent-Length: ", body.size(), "\r\nConnection: close\r\n\r\n");
  mg_write(connection, head.data(), head.size());
  mg_write(connection, body.data(), body.size());
  return status;
}

int SendStatus(mg_connection* connection, const absl::Status& status) {
  if (status.ok()) return Send(connection, 200, "ok\n");
  return Send(connection, 503, absl::StrCat(status.message(), "\n"));
}

}  // namespace

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Start(Options options) {
  std::unique_ptr<HttpServer> server(new HttpServer(std::move(options)));
  const char* settings[] = {"listening_ports",
                            server->options_.listen.c_str(),
                            "num_threads",
                            "2",
                            "request_timeout_ms",
                            "5000",
                            "enable_keep_alive",
                            "no",
                            nullptr};
  mg_callbacks callbacks = {};
  // Quiet: the status below says what matters.
  callbacks.log_message = [](const mg_connection*, const char*) { return 1; };
  server->context_ = mg_start(&callbacks, nullptr, settings);
  if (server->context_ == nullptr) {
    return Error(absl::StatusCode::kUnavailable, "LISTEN_FAILED",
                 absl::StrCat("cannot listen on ", server->options_.listen,
                              " for HTTP; is the port in use? Choose another "
                              "--http_listen, or \"none\""),
                 {{"address", server->options_.listen}});
  }
  mg_set_request_handler(server->context_, "/metrics$", &OnMetrics,
                         server.get());
  mg_set_request_handler(server->context_, "/healthz$", &OnHealthz,
                         server.get());
  mg_set_request_handler(server->context_, "/readyz$", &OnReadyz, server.get());
  return server;
}

HttpServer::~HttpServer() {
  if (context_ != nullptr) mg_stop(context_);
}

int HttpServer::port() const {
  mg_server_port ports[1] = {};
  if (mg_get_server_ports(context_, 1, ports) < 1) return 0;
  return ports[0].port;
}

int HttpServer::OnMetrics(mg_connection* connection, void* self) {
  return Send(connection, 200,
              static_cast<HttpServer*>(self)->options_.metrics());
}

int HttpServer::OnHealthz(mg_connection* connection, void* self) {
  return SendStatus(connection,
                    static_cast<HttpServer*>(self)->options_.healthy());
}

int HttpServer::OnReadyz(mg_connection* connection, void* self) {
  return SendStatus(connection,
                    static_cast<HttpServer*>(self)->options_.ready());
}

}  // namespace quantd
