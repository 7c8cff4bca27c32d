#include "base/heap.h"

#include <malloc.h>

namespace quantd {

void ReturnLargeBuffers() {
  constexpr int kLargeBytes = 256 << 10;
  mallopt(M_MMAP_THRESHOLD, kLargeBytes);
  mallopt(M_TRIM_THRESHOLD, kLargeBytes);
}

void TrimHeap() { malloc_trim(0); }

}  // namespace quantd
