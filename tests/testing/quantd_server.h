// A real quantd with one CPU worker, for tests of the programs together.
#ifndef QUANTD_TESTS_TESTING_QUANTD_SERVER_H_
#define QUANTD_TESTS_TESTING_QUANTD_SERVER_H_

#include <memory>
#include <string>

#include "tests/testing/subprocess.h"

namespace quantd::testing {

// Listens on a free port of the loopback; its data are in a fresh directory.
// The test's data needs //server:quantd and //server/worker:quant_worker.
class QuantdServer {
 public:
  // Waits until it listens; if it does not, the test fails and address() is
  // empty.
  QuantdServer();
  // Stops it by SIGTERM; the test fails if it does not end well.
  ~QuantdServer();

  const std::string& address() const { return address_; }

 private:
  std::unique_ptr<Subprocess> process_;
  std::string address_;
};

}  // namespace quantd::testing

#endif  // QUANTD_TESTS_TESTING_QUANTD_SERVER_H_
