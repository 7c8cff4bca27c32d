// Ctrl-C as a token that stops what is under way.
#ifndef QUANTD_CLIENT_CLI_INTERRUPT_H_
#define QUANTD_CLIENT_CLI_INTERRUPT_H_

#include "client/cancel_token.h"

namespace quantd {

// From now on SIGINT and SIGTERM cancel `token`; a second one ends the program
// at once with exit code 130. Call it once, before any other thread starts:
// they inherit the blocked signals.
// token: lives as long as the program.
void CancelOnInterrupt(CancelToken* token);

}  // namespace quantd

#endif  // QUANTD_CLIENT_CLI_INTERRUPT_H_
