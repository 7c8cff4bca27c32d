// quantctl: the command line of Quantd. See run.h for what it does.
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "client/cancel_token.h"
#include "client/cli/interrupt.h"
#include "client/cli/run.h"
#include "client/cli/streams.h"

int main(int argc, char** argv) {
  // Before any other thread; lives until the program ends.
  auto* const cancel = new quantd::CancelToken;
  quantd::CancelOnInterrupt(cancel);

  quantd::Streams streams;
  streams.in = &std::cin;
  streams.out = &std::cout;
  streams.err = &std::cerr;
  streams.in_terminal = isatty(STDIN_FILENO) != 0;
  streams.out_terminal = isatty(STDOUT_FILENO) != 0;
  streams.err_terminal = isatty(STDERR_FILENO) != 0;
  streams.environment = [](const std::string& name) {
    const char* value = std::getenv(name.c_str());
    return std::string(value == nullptr ? "" : value);
  };
  return quantd::RunQuantctl(std::vector<std::string>(argv + 1, argv + argc),
                             streams, cancel);
}
