// /metrics, /healthz and /readyz over HTTP.
#ifndef QUANTD_SERVER_OBSERVABILITY_HTTP_SERVER_H_
#define QUANTD_SERVER_OBSERVABILITY_HTTP_SERVER_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

struct mg_context;
struct mg_connection;

namespace quantd {

// Answers GET with text: /metrics with 200; /healthz and /readyz with 200 "ok",
// or 503 and the reason. Everything else is 404; nothing is read from disk.
//
// Threads: the functions are called from two threads of this server, until it
// is destroyed.
class HttpServer {
 public:
  struct Options {
    // HOST:PORT, HOST an address; port 0: a free one.
    std::string listen;
    std::function<std::string()> metrics;
    std::function<absl::Status()> healthy;
    std::function<absl::Status()> ready;
  };

  // Errors: UNAVAILABLE, LISTEN_FAILED naming the address.
  static absl::StatusOr<std::unique_ptr<HttpServer>> Start(Options options);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  int port() const;

 private:
  explicit HttpServer(Options options) : options_(std::move(options)) {}
  static int OnMetrics(mg_connection* connection, void* self);
  static int OnHealthz(mg_connection* connection, void* self);
  static int OnReadyz(mg_connection* connection, void* self);

  const Options options_;
  mg_context* context_ = nullptr;
};

}  // namespace quantd

#endif  // QUANTD_SERVER_OBSERVABILITY_HTTP_SERVER_H_
