// A gRPC channel to a quantd: its address, and how it is protected.
// Not here: calls (client.h), starting a quantd (local_server.h).
#ifndef QUANTD_CLIENT_CHANNEL_H_
#define QUANTD_CLIENT_CHANNEL_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "grpcpp/channel.h"

namespace quantd {

struct ChannelOptions {
  // PEM files. ca_file: whom to trust, empty: the system's roots. cert_file and
  // key_file: the client's own, both or neither.
  std::string ca_file;
  std::string cert_file;
  std::string key_file;
  // No TLS. Always so on Unix sockets; on loopback unless a file is given.
  bool plaintext = false;
};

// True for "unix:PATH" and hosts 127.*, ::1 and localhost.
bool IsLocalAddress(absl::string_view address);

// address: HOST:PORT, [IPv6]:PORT or unix:PATH. Does not connect yet: that
// happens with the first call, and again whenever the connection is lost.
// Pings every 60 s while a stream is open.
// Errors: INVALID_ARGUMENT, USAGE on an address that has no port, on plaintext
// together with files, or half a key pair; FAILED_PRECONDITION with
// FILE_NOT_FOUND or FILE_EMPTY.
absl::StatusOr<std::shared_ptr<grpc::Channel>> MakeChannel(
    const std::string& address, const ChannelOptions& options);

}  // namespace quantd

#endif  // QUANTD_CLIENT_CHANNEL_H_
