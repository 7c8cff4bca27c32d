#include "client/cli/interrupt.h"

#include <signal.h>
#include <unistd.h>

#include <thread>

#include "client/cli/exit_code.h"

namespace quantd {

void CancelOnInterrupt(CancelToken* token) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::thread([token, signals] {
    int signal = 0;
    if (sigwait(&signals, &signal) != 0) return;
    token->Cancel();
    if (sigwait(&signals, &signal) == 0) _exit(kExitInterrupted);
  }).detach();
}

}  // namespace quantd
