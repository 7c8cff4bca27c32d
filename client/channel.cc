#include "client/channel.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "client/input_file.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "grpcpp/support/channel_arguments.h"

namespace quantd {
namespace {

constexpr int64_t kMaxPemBytes = 1 << 20;
constexpr int kKeepaliveMs = 60 * 1000;
constexpr int kFirstReconnectMs = 100;
constexpr int kMaxReconnectMs = 2000;
// Records of a large network, and the server's largest chunks, fit.
constexpr int kMaxReceiveBytes = 64 << 20;

absl::Status Usage(absl::string_view message) {
  return Error(absl::StatusCode::kInvalidArgument, "USAGE", message);
}

absl::Status CheckAddress(absl::string_view address) {
  if (absl::StartsWith(address, "unix:")) {
    if (address.size() > 5) return absl::OkStatus();
    return Usage("the address unix: has no path; write unix:/path/to/socket");
  }
  const size_t colon = address.rfind(':');
  int port = 0;
  if (colon == absl::string_view::npos || colon == 0 ||
      !absl::SimpleAtoi(address.substr(colon + 1), &port) || port < 1 ||
      port > 65535) {
    return Usage(absl::StrCat("the address \"", address,
                              "\" is not HOST:PORT; write for example "
                              "127.0.0.1:50051 or unix:/path/to/socket"));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> ReadPem(const std::string& path) {
  if (path.empty()) return std::string();
  return ReadInputFile(path, kMaxPemBytes);
}

absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> MakeCredentials(
    const std::string& address, const ChannelOptions& options) {
  const bool has_files = !options.ca_file.empty() ||
                         !options.cert_file.empty() ||
                         !options.key_file.empty();
  if (options.plaintext && has_files) {
    return Usage(
        "--plaintext excludes --cacert, --cert and --key; remove one "
        "or the other");
  }
  if (options.cert_file.empty() != options.key_file.empty()) {
    return Usage("--cert and --key belong together; give both or neither");
  }
  if (options.plaintext || absl::StartsWith(address, "unix:") ||
      (IsLocalAddress(address) && !has_files)) {
    return grpc::InsecureChannelCredentials();
  }
  grpc::SslCredentialsOptions ssl;
  ASSIGN_OR_RETURN(ssl.pem_root_certs, ReadPem(options.ca_file));
  ASSIGN_OR_RETURN(ssl.pem_cert_chain, ReadPem(options.cert_file));
  ASSIGN_OR_RETURN(ssl.pem_private_key, ReadPem(options.key_file));
  return grpc::SslCredentials(ssl);
}

}  // namespace

bool IsLocalAddress(absl::string_view address) {
  return absl::StartsWith(address, "unix:") ||
         absl::StartsWith(address, "127.") ||
         absl::StartsWith(address, "[::1]:") ||
         absl::StartsWith(address, "localhost:");
}

absl::StatusOr<std::shared_ptr<grpc::Channel>> MakeChannel(
    const std::string& address, const ChannelOptions& options) {
  RETURN_IF_ERROR(CheckAddress(address));
  ASSIGN_OR_RETURN(auto credentials, MakeCredentials(address, options));
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMs);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, kFirstReconnectMs);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, kFirstReconnectMs);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, kMaxReconnectMs);
  arguments.SetMaxReceiveMessageSize(kMaxReceiveBytes);
  // A proxy from the environment must not see what goes to this machine.
  if (IsLocalAddress(address)) {
    arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  }
  return grpc::CreateCustomChannel(address, credentials, arguments);
}

}  // namespace quantd
