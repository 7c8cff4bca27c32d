// How a transfer tells how far it is.
#ifndef QUANTD_CLIENT_TRANSFER_PROGRESS_H_
#define QUANTD_CLIENT_TRANSFER_PROGRESS_H_

#include <cstdint>
#include <functional>

namespace quantd {

// done, total: bytes or records, 0 <= done <= total. Called often, from the
// thread that transfers: must be quick. May be empty.
using TransferProgress = std::function<void(int64_t done, int64_t total)>;

}  // namespace quantd

#endif  // QUANTD_CLIENT_TRANSFER_PROGRESS_H_
