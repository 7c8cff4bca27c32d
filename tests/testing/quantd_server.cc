#include "tests/testing/quantd_server.h"

#include <csignal>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace quantd::testing {

QuantdServer::QuantdServer() {
  const std::string directory = FreshDirectory("quantd");
  const std::string port_file = directory + "/port";
  process_ = std::make_unique<Subprocess>(std::vector<std::string>{
      Runfile("server/quantd"), "--data_dir=" + directory + "/data",
      "--listen=127.0.0.1:0", "--http_listen=none", "--cpu_slots=1",
      "--worker_binary=" + Runfile("server/worker/quant_worker"),
      "--port_file=" + port_file});
  const absl::Time give_up = absl::Now() + absl::Seconds(30);
  while (ReadFile(port_file).empty() && absl::Now() < give_up) {
    absl::SleepFor(absl::Milliseconds(20));
  }
  const std::string port(absl::StripAsciiWhitespace(ReadFile(port_file)));
  EXPECT_NE(port, "") << process_->err();
  if (!port.empty()) address_ = "127.0.0.1:" + port;
}

QuantdServer::~QuantdServer() {
  process_->Signal(SIGTERM);
  EXPECT_EQ(process_->Wait(absl::Seconds(30)), 0) << process_->err();
}

}  // namespace quantd::testing
